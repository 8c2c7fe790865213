import { z } from 'zod'

import { middlewareSchema } from './middleware.ts'

/**
 * `p2c`, `p2c:latency`, `round-robin`, `least`, `random`, `hash:ip`, `hash:header:X`, `hash:cookie:X`; a hash with
 * `:bounded` behind it lets a busy endpoint's keys go elsewhere.
 */
export const balanceSchema = z
  .string()
  .regex(
    /^(p2c|p2c:latency|round-robin|least|random|hash:ip(:bounded)?|hash:(header|cookie):[^\s:]+(:bounded)?)$/,
  )
export type Balance = z.infer<typeof balanceSchema>

/** Which connections an instance may get, by what a probe says of it. */
export const roleSchema = z.object({
  role: z.enum(['primary', 'replica', 'any']),
  /** `redis`, `postgres`, `mongodb` or `http:/path`. */
  probe: z.string().regex(/^(redis|postgres|mongodb|http:\/\S*)$/),
})

/** Active check of each instance, by each proxy. Milliseconds. */
export const healthSchema = z.object({
  kind: z.enum(['http', 'https', 'tcp', 'grpc']).default('http'),
  path: z.string().startsWith('/').default('/'),
  method: z.string().default('GET'),
  host: z.string().optional(),
  port: z.int().min(1).max(65_535).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  intervalMs: z.number().min(1).default(5000),
  timeoutMs: z.number().min(1).default(2000),
  rise: z.int().min(1).default(2),
  fall: z.int().min(1).default(3),
  /** Status codes that pass: `200`, `2xx` or `200-399`. */
  expect: z.array(z.string()).default(['200-399']),
  followRedirects: z.boolean().default(false),
})

export const stickySchema = z.object({
  cookie: z.string(),
  secure: z.boolean().default(false),
  httpOnly: z.boolean().default(true),
  sameSite: z.enum(['none', 'lax', 'strict']).optional(),
  maxAge: z.int().optional(),
  path: z.string().default('/'),
  domain: z.string().optional(),
})

/** Share of requests (0 to 1) or the cookie that asks for it. */
export const canarySchema = z.union([
  z.strictObject({ share: z.number().min(0).max(1) }),
  z.strictObject({ cookie: z.string() }),
])

/** How requests are spread over the instances of a route. Every field has a default. */
export const policySchema = z.object({
  balance: balanceSchema.default('p2c'),
  sticky: z.union([z.literal(false), stickySchema]).default(false),
  health: healthSchema.nullable().default(null),
  role: roleSchema.nullable().default(null),
  canary: canarySchema.nullable().default(null),
  /** Share of requests (0 to 1) that are copied to this instance's pool, answers thrown away. */
  mirror: z.number().min(0).max(1).nullable().default(null),
  /** Service that answers when nobody here is ready. */
  fallback: z.string().nullable().default(null),
  locality: z.enum(['any', 'prefer', 'local-only']).default('any'),
  slowStartMs: z.number().min(0).default(0),
  /** Whether the client's Host goes to the endpoint; else the endpoint's own address. */
  passHost: z.boolean().default(true),
  proxyProtocol: z
    .union([z.literal(1), z.literal(2)])
    .nullable()
    .default(null),
  /** By the names that `routes[].middlewares` use. */
  middlewares: z.record(z.string(), middlewareSchema).default({}),
})

export type Policy = Readonly<z.infer<typeof policySchema>>
export type HealthCheck = Readonly<z.infer<typeof healthSchema>>
export type Role = Readonly<z.infer<typeof roleSchema>>

export const defaultPolicy: Policy = policySchema.parse({})
