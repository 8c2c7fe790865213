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

/**
 * Whom a TCP route may lead to, by what a probe says of them: `replica` never means the primary, `prefer-replica` does
 * when there is no replica, `any` is either.
 */
export const roleSchema = z.enum(['primary', 'replica', 'prefer-replica', 'any'])

/** How each proxy asks an instance for its role. Milliseconds. */
export const probeSchema = z.object({
  kind: z.enum(['redis', 'postgres', 'mongodb', 'http']),
  /** Of `http` only. */
  path: z.string().startsWith('/').default('/'),
  /** Where it is asked, if that is not where connections go. */
  port: z.int().min(1).max(65_535).optional(),
  user: z.string().optional(),
  /** Read by whoever probes, below `--secrets`. */
  passwordFile: z.string().optional(),
  intervalMs: z.number().min(1).default(1000),
  timeoutMs: z.number().min(1).default(1000),
  /** Times in a row that it has to say another role; that it has lost one is believed at once. */
  rise: z.int().min(1).default(1),
  /** Times in a row without an answer, after which its role is not known any more. */
  fall: z.int().min(1).default(3),
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
  probe: probeSchema.nullable().default(null),
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
export type RoleWish = z.infer<typeof roleSchema>
export type RoleProbe = Readonly<z.infer<typeof probeSchema>>

export const defaultPolicy: Policy = policySchema.parse({})
