import type { NetworkInterfaceInfo } from 'node:os'

import type { Problem } from '../core/problems.ts'
import type { Vantage } from '../core/vantage.ts'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Interfaces that Docker and its like make: other hosts don't reach us there. */
const made = /^(lo|docker|br-|veth|virbr|cni|flannel|podman|tun|tap|wg)/

/**
 * The address under which other nodes reach this one: as set, else that of an engine on another machine, else the
 * host's first IPv4; empty when not known.
 */
export function advertisedAddress(
  setting: string | undefined,
  vantage: Vantage,
  interfaces: Interfaces,
): string {
  if (setting !== undefined) return setting
  if (vantage.place.kind !== 'host') return ''
  if (vantage.engineHost !== undefined) return vantage.engineHost
  const candidates = Object.entries(interfaces).flatMap(([name, list]) =>
    made.test(name) ? [] : (list ?? []),
  )
  const found = candidates.find(({ family, internal }) => family === 'IPv4' && !internal)
  return found?.address ?? ''
}

/** What it means for other nodes that the address isn't known. */
export function advertiseProblem(address: string, storeIsShared: boolean): Problem[] {
  if (address !== '' || !storeIsShared) return []
  return [
    {
      severity: 'warning',
      where: 'setting --advertise',
      what: 'the address of this node is not known',
      why: 'in a container it can not be detected, and other nodes reach published ports there',
      remedy:
        'set --advertise (PORTOLAN_ADVERTISE) to the address of this host, if there are other nodes',
    },
  ]
}
