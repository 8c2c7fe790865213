import { z } from 'zod'

import { middlewareSchema } from './middleware.ts'
import { defaultPolicy, type Policy, roleSchema } from './policy.ts'
import { sharing } from './sharing.ts'

export const routeTlsSchema = z.object({
  passthrough: z.boolean().default(false),
  certificate: z.string().optional(),
  /** Who is asked for a certificate, and a set of TLS options: names of Traefik's, which nobody here has yet. */
  resolver: z.string().optional(),
  options: z.string().optional(),
  domains: z.array(z.string()).default([]),
})

/** A way from an entrypoint to the instances that declare it. `rule` is Traefik v3's grammar. */
export const routeSchema = z.object({
  name: z.string().min(1),
  kind: z.enum(['http', 'tcp', 'udp']).default('http'),
  entrypoints: z.array(z.string()).default(['http']),
  rule: z.string(),
  /** Higher first; null: by how exact the rule is. */
  priority: z.int().nullable().default(null),
  /** Names in the policy's `middlewares`, in the order in which they act. */
  middlewares: z.array(z.string()).default([]),
  tls: routeTlsSchema.nullable().default(null),
  /** Requests without TLS are sent to https, if there is a certificate for their host. */
  toHttps: z.boolean().optional(),
  /** Of TCP routes: only instances of that role get its connections. */
  role: roleSchema.optional(),
  /** Whether services that declare the same rule share one pool (as nginx-proxy does), instead of one keeping it. */
  shared: z.boolean().default(false),
  /** `default`: nobody wrote the rule, it is the host name that everything exposed gets. */
  source: z.enum(['label', 'default']).default('label'),
})
export type Route = Readonly<z.infer<typeof routeSchema>>

/** A fixed address of a hand-written route. */
export const endpointSchema = z.object({
  protocol: z.enum(['http', 'https', 'h2c', 'tcp', 'udp']).default('http'),
  ip: z.union([z.ipv4(), z.ipv6()], { error: 'not an IP address' }),
  port: z.int().min(1).max(65_535),
})
export type Endpoint = Readonly<z.infer<typeof endpointSchema>>

/**
 * The value of `<prefix>/routes/<name>`: to a service (`project/name`, or `name` for a global one)
 * or to fixed addresses.
 */
export const storedRouteSchema = routeSchema
  .omit({ name: true })
  .extend({
    v: z.int().min(1),
    service: z.string().optional(),
    endpoints: z.array(endpointSchema).optional(),
    policy: z.object({ middlewares: z.record(z.string(), middlewareSchema) }).optional(),
  })
  .refine((route) => (route.service === undefined) !== (route.endpoints === undefined), {
    message: 'name either a service or endpoints',
  })

/** A hand-written route, as it is kept: there may be ten thousand, and most have the same in all but name and rule. */
export type StoredRoute = Route & {
  readonly service: string | undefined
  /** None if it leads to a service. */
  readonly endpoints: readonly Endpoint[]
  readonly policy: Policy
}

const sharedNames = sharing<string[]>(1000)
const sharedEndpoints = sharing<readonly Endpoint[]>(1000)
const sharedPolicies = sharing<Policy>(1000)
const none: readonly never[] = []

/** The route `name` of what was read under its key. */
export function storedRoute(name: string, read: z.infer<typeof storedRouteSchema>): StoredRoute {
  const { endpoints = none, entrypoints, middlewares, policy } = read
  return {
    name,
    kind: kindOf(read.kind, endpoints),
    entrypoints: sharedNames(JSON.stringify(entrypoints), entrypoints),
    rule: read.rule,
    priority: read.priority,
    middlewares: sharedNames(JSON.stringify(middlewares), middlewares),
    tls: read.tls,
    toHttps: read.toHttps,
    role: read.role,
    shared: read.shared,
    source: read.source,
    service: read.service,
    endpoints: sharedEndpoints(JSON.stringify(endpoints), endpoints),
    policy: policy
      ? sharedPolicies(JSON.stringify(policy), { ...defaultPolicy, ...policy })
      : defaultPolicy,
  }
}

/** Endpoints that speak nothing but TCP say it as well. */
function kindOf(kind: Route['kind'], endpoints: readonly Endpoint[]): Route['kind'] {
  const isTcp = endpoints.length > 0 && endpoints.every(({ protocol }) => protocol === 'tcp')
  return isTcp ? 'tcp' : kind
}
