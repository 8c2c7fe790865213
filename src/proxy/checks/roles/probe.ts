import { messageOf } from '../../../core/errors.ts'
import type { RoleProbe } from '../../../core/policy.ts'
import { limitOf } from '../../../core/retry.ts'
import type { Place } from '../found.ts'
import { ProbeRefused, type RoleAnswer, type Silence } from './answer.ts'
import { probeHttpRole } from './http.ts'
import { type Login, loginOf, type Secrets } from './login.ts'
import { probeMongo } from './mongodb.ts'
import { probePostgres } from './postgres.ts'
import { probeRedis } from './redis.ts'

const probes: Readonly<
  Record<
    RoleProbe['kind'],
    (place: Place, login: Login, signal: AbortSignal, probe: RoleProbe) => Promise<RoleAnswer>
  >
> = {
  redis: probeRedis,
  postgres: probePostgres,
  mongodb: (place, _, signal) => probeMongo(place, signal),
  http: (place, _, signal, { path }) => probeHttpRole(place, path, signal),
}

/** Asks once; never rejects. `signal` gives up; `secrets` is where files with passwords may be. */
export async function probeRole(
  place: Place,
  probe: RoleProbe,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<RoleAnswer | Silence> {
  const limit = AbortSignal.any([signal, limitOf(probe.timeoutMs)])
  try {
    const login = await loginOf(probe, secrets)
    // another port is not the one of which that was said
    const at =
      probe.port === undefined ? place : { ip: place.ip, port: probe.port, proxyProtocol: null }
    return await probes[probe.kind](at, login, limit, probe)
  } catch (error) {
    const why = limit.aborted ? `no answer within ${probe.timeoutMs} ms` : messageOf(error)
    const remedy = error instanceof ProbeRefused ? { remedy: error.remedy } : {}
    return { role: undefined, why: `probe ${probe.kind}: ${why}`, ...remedy }
  }
}
