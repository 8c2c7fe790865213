import type { Problem } from '../core/problems.ts'
import type { Container, ContainerPort } from '../docker/docker.ts'

/** More than this many ports of one container are a mistake (`EXPOSE 1-65535`), not services. */
const most = 64

/** Well-known ports of other protocols: not routed as HTTP unless a label says so. */
const notHttp = new Set([
  20, 21, 22, 23, 25, 53, 110, 111, 119, 123, 135, 139, 143, 161, 179, 389, 445, 465, 514, 587, 636,
  873, 993, 995, 1433, 1521, 1883, 2049, 2181, 2380, 3306, 3389, 4222, 5222, 5432, 5433, 5671, 5672,
  6379, 6380, 6432, 8883, 9042, 9092, 9093, 9300, 11211, 16379, 26257, 26379, 27017, 27018, 27019,
  28015, 33060,
])

export function looksLikeHttp({ port, protocol }: ContainerPort): boolean {
  return protocol === 'tcp' && !notHttp.has(port)
}

/** The ports that become instances: exposed, published, or named by a label. */
export function eligiblePorts(
  container: Container,
  named: readonly number[],
): { readonly ports: readonly ContainerPort[]; readonly problems: readonly Problem[] } {
  const known = container.ports
  const missing = [...new Set(named)].filter(
    (port) => !known.some((one) => isTcp(one) && one.port === port),
  )
  const added = missing.map((port): ContainerPort => ({ port, protocol: 'tcp', published: null }))
  const ports = [...known, ...added].toSorted(
    (a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1),
  )
  if (ports.length <= most) return { ports, problems: [] }
  const kept = ports.filter((one) => isTcp(one) && named.includes(one.port))
  return { ports: kept, problems: [tooMany(container, ports.length)] }
}

function isTcp({ protocol }: ContainerPort): boolean {
  return protocol === 'tcp'
}

function tooMany({ name }: Container, count: number): Problem {
  return {
    severity: 'warning',
    where: `container ${name}`,
    what: `${count} ports`,
    why: `more than ${most} ports are not registered one by one`,
    remedy: 'name the port that matters: portolan.port=…',
  }
}

/** The port that routes without one go to: the only one, else the lowest tcp one. */
export function defaultPort(ports: readonly ContainerPort[]): number | undefined {
  return ports.find(isTcp)?.port
}
