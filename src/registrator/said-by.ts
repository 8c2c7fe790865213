import type { Container } from '../docker/docker.ts'
import type { DialectSettings } from './dialects/dialect.ts'
import { declarations } from './dialects/merge.ts'
import { factsOf } from './names.ts'

/** What one dialect reads in a container's labels and variables, for people: values that may be secrets are left out. */
export type Said = {
  readonly dialect: string
  readonly enabled: boolean | undefined
  readonly network: string | undefined
  readonly services: readonly string[]
  readonly ports: readonly number[]
  readonly routes: readonly {
    readonly name: string
    readonly rule: string
    readonly port: number | undefined
    readonly entrypoints: readonly string[]
    readonly middlewares: readonly string[]
  }[]
}

/** Of each dialect that has something to say. Pure. */
export function saidBy(container: Container, settings: DialectSettings): readonly Said[] {
  return declarations(factsOf(container), settings).flatMap(({ dialect, declaration }) => {
    const { enabled, network, named, ports, routes } = declaration
    const services = [...new Set(ports.flatMap(({ service }) => service ?? []))]
    const silent = enabled === undefined && network === undefined && named.length === 0
    if (silent && ports.length === 0 && routes.length === 0) return []
    const shown = routes.map(({ port, route: { name, rule, entrypoints, middlewares } }) => {
      return { name, rule, port, entrypoints, middlewares }
    })
    return [{ dialect, enabled, network, services, ports: named, routes: shown }]
  })
}
