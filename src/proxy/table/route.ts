import type { Instance, InstanceState } from '../../core/instance.ts'
import type { Middleware } from '../../core/middleware.ts'
import type { Policy } from '../../core/policy.ts'
import type { Problem } from '../../core/problems.ts'
import type { Route } from '../../core/route.ts'
import type { Predicate } from '../../core/rule/compile.ts'
import type { Hosts } from '../../core/rule/hosts.ts'
import type { Chain } from '../middleware/chains.ts'
import type { TcpTerms } from './tcp-terms.ts'

/** Where requests of a route may go: one instance, or one fixed address of a hand-written route. */
export type Target = {
  /** What sockets, counters and health hang on: never the address, which Docker gives to the next container. */
  readonly identity: string
  /** How requests are sent there; connections are passed on as they are. */
  readonly protocol: 'http' | 'https' | 'h2c'
  readonly ip: string
  readonly port: number
  readonly state: InstanceState
  /** Docker has paused it, or has told it to stop. */
  readonly halt: Instance['halt'] | null
  /** 0: gets nothing while others have more. */
  readonly weight: number
  /** On our own node, so that a connect that takes long has failed. */
  readonly own: boolean
  /** Seconds between its stop signal and its end. */
  readonly stopTimeout: number
  /** What its own labels say of it: canaries and mirrors are told from the others of the route by that. */
  readonly canary: Policy['canary']
  readonly mirror: Policy['mirror']
  /** How our own checks look at it; null: they don't. */
  readonly health: Policy['health']
  /** Whether it is told by the PROXY protocol for whom connections to it are made. */
  readonly proxyProtocol: Policy['proxyProtocol']
  /** How it is asked for its role; null: it is not. */
  readonly probe: Policy['probe']
  /** Where its numbers stand; 0 where nothing is counted. */
  readonly slot: number
}

/** How requests of a route are spread, and what else its labels want. */
export type RoutePolicy = Omit<Policy, 'middlewares'>

export type NamedMiddleware = { readonly name: string; readonly middleware: Middleware }

/** One rule on one entrypoint, with all that a request of it needs to know. */
export type TableRoute = {
  /** The same for the same service, entrypoint and rule in every table. */
  readonly key: string
  readonly name: string
  readonly rule: string
  readonly entrypoint: string
  /** `serviceId`; `-` for fixed addresses. */
  readonly service: string
  readonly source: 'label' | 'store' | 'default'
  /** Undefined for routes of requests; connections have these. */
  readonly tcp: TcpTerms | undefined
  readonly targets: readonly Target[]
  /** Why it answers 503 to everything, or takes no connection; undefined for a route that works. */
  readonly closed: string | undefined
  readonly passHost: boolean
  readonly stripPrefixes: readonly string[]
  readonly policy: RoutePolicy
  /** In the order in which they act; what stands in chains is among them, the chains are not. */
  readonly middlewares: readonly NamedMiddleware[]
  /** What these do, in a worker; undefined where nothing acts but `stripPrefixes`, and on the main thread. */
  readonly chain: Chain | undefined
  readonly tls: Route['tls']
  /** Requests without TLS are sent to https, if there is a certificate for their host. */
  readonly toHttps: boolean
  readonly order: Order
  readonly hosts: Hosts
  readonly matches: Predicate
  readonly problems: readonly Problem[]
  /** Some of its targets are mirrors. */
  readonly mirrored: boolean
  /** Where the numbers of its service stand; 0 where nothing is counted. */
  readonly slot: number
}

/** What decides between routes that match the same request. */
export type Order = {
  readonly priority: number | null
  readonly ruleLength: number
  readonly pathLength: number
  readonly conditions: number
  /** RFC 3339, of the oldest container; empty for hand-written routes, which are before all. */
  readonly createdAt: string
}
