import { addAbortSignal } from 'node:stream'

import { messageOf } from '../../core/errors.ts'
import type { HealthCheck } from '../../core/policy.ts'
import { limitOf } from '../../core/retry.ts'
import { dial } from './dial.ts'
import type { Found, Place } from './found.ts'
import { probeGrpc } from './probe-grpc.ts'
import { probeHttp } from './probe-http.ts'

/** Checks once; never rejects. `signal` gives up. */
export async function probe(place: Place, check: HealthCheck, signal: AbortSignal): Promise<Found> {
  const { ip, port } = place
  // another port is not the one of which was said what it speaks
  const isOther = check.port !== undefined && check.port !== port
  const at = isOther ? { ip, port: check.port, proxyProtocol: null } : place
  const limit = AbortSignal.any([signal, limitOf(check.timeoutMs)])
  try {
    return await probes[check.kind](at, check, limit)
  } catch (error) {
    const why = limit.aborted ? `no answer within ${check.timeoutMs} ms` : messageOf(error)
    return { passed: false, why: `${nameOf(check)}: ${why}` }
  }
}

const probes = { http: probeHttp, https: probeHttp, grpc: probeGrpc, tcp: probeTcp } as const

function nameOf({ kind, method, path }: HealthCheck): string {
  if (kind === 'tcp') return 'connect'
  return kind === 'grpc' ? 'gRPC health check' : `${method} ${path}`
}

/** Passes when a connection is accepted. */
async function probeTcp(place: Place, _: HealthCheck, signal: AbortSignal): Promise<Found> {
  const socket = addAbortSignal(signal, dial(place))
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.on('error', reject)
    })
    return { passed: true, why: 'connected' }
  } finally {
    socket.destroy()
  }
}
