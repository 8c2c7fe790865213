import { isIP } from 'node:net'

import type { Probed } from '../checks/probing.ts'
import {
  type Asked,
  endpointOf,
  named,
  type RequestExplained,
  usedOf,
  verdict,
} from '../explain.ts'
import type { Own } from '../table/own.ts'
import type { MadeTables } from '../table/tables.ts'
import { tcpPlace, tlsPlace } from '../table/tcp-terms.ts'
import { isForNamed } from './for-named.ts'
import { connectionView } from './view.ts'

const nowhere = { source: { ip: '', port: 0 }, destination: { ip: '', port: 0 } }

/** Whether a TCP route has what `asked` asks for, or would have to. */
export function isForTcp(
  tables: MadeTables,
  listeners: Own['listeners'],
  { scheme, host, port = 443 }: Asked,
): boolean {
  if (scheme !== 'https') return scheme === 'tcp'
  const at = listeners.find((one) => one.port === port)
  const hello = { name: host.toLowerCase(), protocols: [] }
  return at?.kind === 'https' && isForNamed(tables, at.entrypoint, () => nowhere, hello)
}

/**
 * What `tables` would do with a connection to a port now: one of TLS that asks for the host by name, and if no route
 * has that, one of anything else. Changes nothing.
 */
export function explainConnection(
  tables: MadeTables,
  checked: Probed,
  listeners: Own['listeners'],
  { host, port }: Asked,
): RequestExplained {
  const open = listeners.filter(({ kind }) => kind === 'tcp' || kind === 'https')
  const entrypoint = open.find((one) => one.port === port)?.entrypoint
  const none = { host, path: '', method: 'TCP', route: undefined, others: [], endpoints: [] }
  if (entrypoint === undefined) {
    const list = open.map((one) => `${one.entrypoint} :${one.port}`).join(', ') || 'none'
    const why = `no entrypoint for that is open at that port (open: ${list})`
    return { ...none, entrypoint: '-', status: undefined, why }
  }
  const name = isIP(host) === 0 ? host.toLowerCase() : undefined
  const view = connectionView(() => nowhere, { name, protocols: [] })
  const found = tables.find(tlsPlace(entrypoint), view) ?? tables.find(tcpPlace(entrypoint), view)
  if (!found) {
    const why = 'no route has such connections: they are closed'
    return { ...none, entrypoint, status: undefined, why }
  }
  const { route } = found
  const used = usedOf(route, checked)
  return {
    ...none,
    entrypoint,
    route: named(route),
    endpoints: route.targets.map((target) => ({
      ...endpointOf(route, target, used.includes(target), checked),
      at: `tcp://${target.ip.includes(':') ? `[${target.ip}]` : target.ip}:${target.port}`,
    })),
    ...verdict(route, used, tables),
    status: undefined,
  }
}
