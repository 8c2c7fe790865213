import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import type { Route } from '../../core/route.ts'
import type { Container } from '../../docker/docker.ts'

/** What a dialect may know besides the container. */
export type DialectSettings = {
  /** Default host names are `<service>.<project>.<domain>`. */
  readonly domain: string
  /** Whether containers without routing labels are routed too. */
  readonly exposeAll: boolean
  /** What was set in Traefik's own words. */
  readonly traefik?: TraefikSettings | undefined
}

/** Settings of Traefik's Docker provider that change what its labels mean. */
export type TraefikSettings = {
  /** Rule of routers without one, a Go template. */
  readonly defaultRule?: string | undefined
  /** The network for containers that name none. */
  readonly network?: string | undefined
  /** False: only containers with `traefik.enable=true` are routed; undefined: those with a router or service too. */
  readonly exposedByDefault?: boolean | undefined
}

/** The facts that a dialect reads. */
export type Facts = {
  readonly container: Container
  /** Compose's names; undefined for a container that Compose did not make. */
  readonly project: string | undefined
  readonly composeService: string | undefined
  /** Base name of the image, without registry, tag and digest. */
  readonly imageName: string
}

/** One way to an instance: `port` undefined means the container's default port. */
export type DeclaredRoute = { readonly port: number | undefined; readonly route: Route }

/** What is said of one port, or of all (`port` undefined). A port's own word wins over that for all. */
export type DeclaredPort = {
  readonly port: number | undefined
  /** Undefined: both. */
  readonly transport?: 'tcp' | 'udp'
  /** A name that somebody gave; it is global. */
  readonly service?: string
  /** Last part of the key in the plain tree, instead of `<node>:<container>:<port>`. */
  readonly id?: string
  /** True: this port is not registered; if it has routes, it only stays out of the plain tree. */
  readonly ignored?: boolean
  readonly scheme?: 'http' | 'https' | 'h2c'
  readonly weight?: number
  readonly tags?: readonly string[]
  readonly attributes?: Readonly<Record<string, string>>
  readonly policy?: Partial<Omit<Policy, 'middlewares'>>
}

/** Middlewares in the order in which they act. */
export type Acting = {
  readonly names: readonly string[]
  readonly middlewares: Policy['middlewares']
}

/** What a container declares for others. By full names in lower case, such as `auth@docker`. */
export type Shared = {
  readonly middlewares: Policy['middlewares']
  /** The port of each service; undefined: the container's default port. */
  readonly services: Readonly<Record<string, number | undefined>>
  /** Its routes that lead to services of others. */
  readonly routes: readonly { readonly service: string; readonly route: Route }[]
}

/**
 * What the labels of one dialect say of one container. Each dialect is one pure function of this type, knows no
 * other, and answers with nothing but the container's facts.
 */
export type Declaration = {
  /** False: neither registered nor routed; undefined: nothing was said. */
  readonly enabled: boolean | undefined
  /** True: it gets no default route, because a label says that it is not to be routed. */
  readonly unrouted?: true
  readonly network: string | undefined
  /** Ports that labels name: eligible even if the image exposes none. */
  readonly named: readonly number[]
  readonly ports: readonly DeclaredPort[]
  readonly routes: readonly DeclaredRoute[]
  /** By the names that routes use; a dialect takes care that its names are its own. */
  readonly middlewares: Policy['middlewares']
  readonly shared?: Shared
  /** What acts on all routes of the container, those of later dialects too. */
  readonly general?: { readonly http: Acting; readonly tcp: Acting }
  readonly problems: readonly Problem[]
}

export type Dialect = (facts: Facts, settings: DialectSettings) => Declaration

export const nothing: Declaration = {
  enabled: undefined,
  network: undefined,
  named: [],
  ports: [],
  routes: [],
  middlewares: {},
  problems: [],
}
