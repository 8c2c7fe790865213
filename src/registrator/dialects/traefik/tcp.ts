import { healthSchema, type Policy } from '../../../core/policy.ts'
import type { LabelReader } from '../labels.ts'
import { boolean, durationMs, needless, optional, port, struct, without } from './decode.ts'
import { proxyProtocol, proxyProtocolOf } from './proxy-protocol.ts'
import { isUsable, type Service } from './services.ts'
import { childOf, childrenOf, leavesOf, type Node } from './tree.ts'

const dialogue = without('a check only connects', 'leave it out')

const service = struct({
  loadbalancer: struct({
    server: struct({ port, tls: boolean }),
    proxyprotocol: proxyProtocol,
    terminationdelay: needless('both directions end on their own'),
    serverstransport: without('connections are made with the usual settings', 'leave it out'),
    healthcheck: optional({
      port,
      send: dialogue,
      expect: dialogue,
      interval: durationMs,
      unhealthyinterval: without('all instances are checked at interval', 'leave it out'),
      timeout: durationMs,
    }),
  }),
})
type Balancer = NonNullable<ReturnType<typeof service>>['loadbalancer']

/** The services below `traefik.tcp`; `root` is its tree. */
export function tcpServicesOf(root: Node, reader: LabelReader): Service[] {
  return childrenOf(childOf(root, 'services')).map((node) => {
    const found = service(node, reader)?.loadbalancer
    const number = found?.server?.port
    const overTls = found?.server?.tls === true
    if (overTls) reader.note(`${node.label}.loadbalancer.server.tls`, 'true', noTls)
    const policy = { ...proxyProtocolOf(node, found?.proxyprotocol, reader), ...healthOf(found) }
    const said = { port: number, transport: 'tcp' as const, policy }
    return { name: node.name, port: number, usable: !overTls && isUsable(node, number), said }
  })
}

const noTls = {
  severity: 'error',
  why: 'TCP connections go to the container as they are, not wrapped in TLS',
  remedy: 'use tls.passthrough at the router, or leave TLS at the container out',
} as const

function healthOf(found: Balancer): Pick<Partial<Policy>, 'health'> {
  const asked = found?.healthcheck
  if (!asked) return {}
  const health = healthSchema.parse({
    kind: 'tcp',
    port: asked.port,
    intervalMs: asked.interval || 30_000,
    timeoutMs: asked.timeout || 5000,
    rise: 1,
    fall: 1,
  })
  return { health }
}

/** UDP has no way through here yet. One problem for each router, or service without router. */
export function sayUdp(root: Node, reader: LabelReader): void {
  const routers = childrenOf(childOf(root, 'routers'))
  const nodes = routers.length > 0 ? routers : childrenOf(root)
  for (const node of nodes) {
    const [first = node] = leavesOf(node)
    reader.note(first.label, first.text ?? '', {
      severity: 'error',
      why: 'UDP is not supported yet',
      remedy: 'publish that port in the compose file, as `53:53/udp`',
    })
  }
}
