import type { Definition } from '../core/definition.ts'
import type { Container } from '../docker/docker.ts'
import type { Shared } from './dialects/dialect.ts'

/** The record of what `container` declares for others; undefined when that is nothing. Pure. */
export function definitionOf(
  container: Container,
  shared: Shared | undefined,
  node: string,
  defaultPort: number | undefined,
): Definition | undefined {
  if (!shared) return undefined
  const { middlewares } = shared
  const services = Object.entries(shared.services).flatMap(([name, port = defaultPort]) =>
    port === undefined ? [] : [[name, port] as const],
  )
  const isEmpty = Object.keys(middlewares).length + services.length + shared.routes.length === 0
  if (isEmpty) return undefined
  return {
    v: 1,
    node,
    container: container.id,
    name: container.name,
    createdAt: container.createdAt,
    middlewares,
    services: Object.fromEntries(services),
    routes: [...shared.routes],
  }
}
