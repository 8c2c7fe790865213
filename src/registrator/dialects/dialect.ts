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

/**
 * What the labels of one dialect say of one container. Each dialect is one pure function of this type, knows no
 * other, and answers with nothing but the container's facts: `undefined` is "said nothing of it".
 */
export type Declaration = {
  /** False: neither registered nor routed. */
  readonly enabled: boolean | undefined
  /** A name that somebody gave; it is global. */
  readonly service: string | undefined
  readonly network: string | undefined
  readonly weight: number | undefined
  /** Protocol of the port that the routes go to. */
  readonly scheme: 'http' | 'https' | 'h2c' | undefined
  /** Ports that labels name: eligible even if the image exposes none. */
  readonly ports: readonly number[]
  readonly routes: readonly DeclaredRoute[]
  readonly policy: Partial<Policy>
  readonly tags: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
  readonly problems: readonly Problem[]
}

export type Dialect = (facts: Facts, settings: DialectSettings) => Declaration

export const nothing: Declaration = {
  enabled: undefined,
  service: undefined,
  network: undefined,
  weight: undefined,
  scheme: undefined,
  ports: [],
  routes: [],
  policy: {},
  tags: [],
  attributes: {},
  problems: [],
}
