import type { ContainerPort } from '../../docker/docker.ts'
import type { Value } from './document.ts'
import { entry, text, texts } from './values.ts'

/** More are a mistake, and the registrator says so from 65 on. */
const most = 200

/** The ports that `expose` and `ports` name, in the forms that Compose has. */
export function portsOf(service: Value): ContainerPort[] {
  const exposed = texts(entry(service, 'expose')).flatMap((one) => shortPorts(one.text))
  const list = entry(service, 'ports')
  const published = list?.kind === 'list' ? list.items.flatMap(publishedPorts) : []
  const known = new Map<string, ContainerPort>()
  for (const one of [...exposed, ...published]) known.set(`${one.port}/${one.protocol}`, one)
  return [...known.values()]
    .toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1))
    .slice(0, most)
}

function publishedPorts(value: Value): ContainerPort[] {
  if (value.kind === 'text') return shortPorts(value.text, true)
  const target = Number(text(entry(value, 'target')))
  const protocol = text(entry(value, 'protocol')) === 'udp' ? 'udp' : 'tcp'
  const published = Number(text(entry(value, 'published'))?.split('-')[0])
  const ip = text(entry(value, 'host_ip')) ?? '0.0.0.0'
  if (!isPort(target)) return []
  return [
    { port: target, protocol, published: { ip, port: isPort(published) ? published : target } },
  ]
}

/** `3000`, `3000-3005`, `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]:8080:80`. */
function shortPorts(whole: string, published = false): ContainerPort[] {
  const form = /^(?:(?:(\[[^\]]+\]|[^:]*):)?([\d-]*):)?(\d+)(?:-(\d+))?(?:\/(tcp|udp))?$/
  const [, ip, host = '', low = '', high, transport] = form.exec(whole.trim()) ?? []
  const [first, last] = [Number(low), Number(high ?? low)]
  if (!isPort(first) || !isPort(last) || last < first) return []
  const protocol = transport === 'udp' ? 'udp' : 'tcp'
  const count = Math.min(last - first + 1, most)
  const hostFirst = Number(host.split('-')[0])
  return Array.from({ length: count }, (_, at) => {
    const port = first + at
    const open = isPort(hostFirst) ? hostFirst + (host.includes('-') ? at : 0) : port
    const address = ip?.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0'
    return { port, protocol, published: published ? { ip: address, port: open } : null }
  })
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}
