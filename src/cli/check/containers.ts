import { createHash } from 'node:crypto'

import type { Container } from '../../docker/docker.ts'
import type { Value } from './document.ts'
import { portsOf } from './ports.ts'
import { entry, pairs, text, texts } from './values.ts'

/** A service of a compose file, and the container that Compose would make of it. */
export type Composed = {
  readonly service: string
  readonly value: Value
  readonly container: Container
  /** Whether the file names no port at all: then only the image may expose one. */
  readonly portless: boolean
}

/** Stands for the port that an image may expose. */
export const unknownPort = 80

/** The containers of all services, one for each: replicas differ in nothing that labels are read for. */
export function containersOf(root: Value, project: string): Composed[] {
  const services = entry(root, 'services')
  if (services?.kind !== 'map') return []
  return [...services.entries].map(([service, value], at) => {
    const ports = portsOf(value)
    const portless = ports.length === 0
    const container = containerOf(service, value, project, root, at)
    const pretended = [{ port: unknownPort, protocol: 'tcp' as const, published: null }]
    return {
      service,
      value,
      container: { ...container, ports: portless ? pretended : ports },
      portless,
    }
  })
}

function containerOf(
  service: string,
  value: Value,
  project: string,
  root: Value,
  at: number,
): Container {
  const mode = text(entry(value, 'network_mode'))
  const networks = mode === undefined ? networksOf(value, project, root) : []
  const labels = Object.fromEntries(
    pairs(entry(value, 'labels')).map((one) => [one.name, one.text]),
  )
  // the order in the file stands for the age
  const createdAt = new Date(at * 1000).toISOString()
  return {
    id: createHash('sha256').update(`${project}/${service}`).digest('hex'),
    name: text(entry(value, 'container_name')) ?? `${project}-${service}-1`,
    image: text(entry(value, 'image')) ?? `${project}-${service}`,
    createdAt,
    startedAt: createdAt,
    state: 'running',
    draining: false,
    health: 'none',
    labels: {
      ...labels,
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      'com.docker.compose.container-number': '1',
    },
    env: Object.fromEntries(pairs(entry(value, 'environment')).map((one) => [one.name, one.text])),
    networkMode: mode ?? networks[0] ?? 'none',
    networks: networks.map((name) => {
      return { name, ip: '10.0.0.1', ip6: '', gateway: '', id: '', driver: '', internal: false }
    }),
    ports: [],
    stopTimeout: 10,
  }
}

/** As Docker calls them: `<project>_<network>`, unless the file names or borrows them. */
function networksOf(value: Value, project: string, root: Value): string[] {
  const asked = entry(value, 'networks')
  const names =
    asked?.kind === 'map' ? [...asked.entries.keys()] : texts(asked).map((one) => one.text)
  const wanted = names.length > 0 ? names : ['default']
  return wanted
    .map((name) => {
      const declared = entry(entry(root, 'networks'), name)
      const given = text(entry(declared, 'name'))
      const external = text(entry(declared, 'external')) === 'true'
      return given ?? (external ? name : `${project}_${name}`)
    })
    .toSorted()
}
