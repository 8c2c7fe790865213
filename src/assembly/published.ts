import type { Containers } from '../docker/docker.ts'

/** The port of the host that leads to `port` of the container that we run in, if any. */
export function publishedPort(containers: Containers, port: number): number | undefined {
  if (containers.kind !== 'known' || containers.self === undefined) return undefined
  const self = containers.byId.get(containers.self)
  const ours = self?.ports.find((one) => one.port === port && one.protocol === 'tcp')
  return ours?.published?.port
}
