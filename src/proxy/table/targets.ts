import { addressOf } from '../../core/address.ts'
import type { Catalog } from '../../core/catalog.ts'
import { identityOf, type Instance } from '../../core/instance.ts'
import type { Problem } from '../../core/problems.ts'
import type { Endpoint, Route } from '../../core/route.ts'
import type { Vantage } from '../../core/vantage.ts'
import { isOwnListener, type Own } from './own.ts'
import type { Target } from './route.ts'

/** Where and for whom a table is made. */
export type Standpoint = {
  readonly vantage: Vantage
  readonly own: Own
  readonly nodes: Catalog['nodes']
}

export type Placed =
  | { readonly ok: true; readonly target: Target; readonly why: string }
  | { readonly ok: false; readonly problem: Problem }

/** How requests get to `instance` from here; or the problem with that. */
export function targetOf(instance: Instance, { vantage, own, nodes }: Standpoint): Placed {
  const where = `container ${instance.name}`
  if (own.container !== undefined && own.container.startsWith(instance.container.slice(0, 12))) {
    return refused(where, 'it is the container that we run in')
  }
  const { protocol } = instance
  if (protocol === 'udp') return foreign(where, protocol)
  const chosen = addressOf(instance, vantage, nodes.get(instance.node)?.address ?? '')
  if (!chosen.ok) {
    const what = `port ${instance.port} can't be reached from node ${vantage.node}`
    const { why, remedy } = chosen
    return { ok: false, problem: { severity: 'error', where, what, why, remedy } }
  }
  const { ip, port, why } = chosen
  if (isOwnListener(own, ip, port)) return refused(where, `${ip}:${port} is our own listener`)
  const target: Target = {
    identity: identityOf(instance),
    protocol: protocol === 'tcp' ? 'http' : protocol,
    ip,
    port,
    state: instance.state,
    halt: instance.halt ?? null,
    weight: instance.weight,
    own: instance.node === vantage.node,
    stopTimeout: instance.stopTimeout,
    canary: instance.policy.canary,
    mirror: instance.policy.mirror,
    health: instance.policy.health,
    proxyProtocol: instance.policy.proxyProtocol,
    probe: instance.policy.probe,
    slot: 0,
  }
  return { ok: true, target, why }
}

/** The same for a fixed address of the hand-written route `where`. */
export function fixedTarget(
  { protocol, ip, port }: Endpoint,
  where: string,
  own: Own,
  kind: Route['kind'] = 'http',
): Placed {
  if (protocol === 'udp' || (protocol === 'tcp' && kind === 'http')) return foreign(where, protocol)
  if (isOwnListener(own, ip, port)) return refused(where, `${ip}:${port} is our own listener`)
  const target: Target = {
    identity: `${protocol}://${ip}:${port}`,
    protocol: protocol === 'tcp' ? 'http' : protocol,
    ip,
    port,
    state: 'ready',
    halt: null,
    weight: 1,
    own: false,
    stopTimeout: 0,
    canary: null,
    mirror: null,
    health: null,
    proxyProtocol: null,
    probe: null,
    slot: 0,
  }
  return { ok: true, target, why: 'a fixed address' }
}

function refused(where: string, what: string): Placed {
  const why = 'requests would come back to us for ever'
  const remedy = 'route to another container or port'
  return { ok: false, problem: { severity: 'error', where, what, why, remedy } }
}

function foreign(where: string, protocol: string): Placed {
  const what = `protocol ${protocol} is not for HTTP routes`
  const why = 'requests are sent by HTTP'
  const remedy = 'use http, https or h2c'
  return { ok: false, problem: { severity: 'error', where, what, why, remedy } }
}
