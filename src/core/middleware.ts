import { z } from 'zod'

const pairs = z.record(z.string(), z.string())
const strings = z.array(z.string())
const source = z.object({
  ipDepth: z.int().min(0).optional(),
  ipExclude: strings.optional(),
  /** Bits by which IPv6 addresses are told apart. */
  ipv6Subnet: z.int().min(0).max(128).optional(),
  header: z.string().optional(),
  host: z.boolean().optional(),
})

/**
 * What may happen to a request between route and endpoint. Stored as `{"<kind>": options}`, exactly one
 * kind each; the options are those of Traefik's middlewares of that purpose, durations in milliseconds.
 */
export const middlewareSchema = z.union([
  z.strictObject({
    stripPrefix: strings,
  }),
  z.strictObject({
    stripPrefixRegex: strings,
  }),
  z.strictObject({
    addPrefix: z.string(),
  }),
  z.strictObject({
    replacePath: z.string(),
  }),
  z.strictObject({
    replacePathRegex: z.object({ regex: z.string(), replacement: z.string() }),
  }),
  z.strictObject({
    redirectScheme: z.object({
      scheme: z.string(),
      /** `public`: where clients reach our entrypoint https. */
      port: z.union([z.int(), z.literal('public')]).optional(),
      permanent: z.boolean().default(false),
    }),
  }),
  z.strictObject({
    redirectRegex: z.object({
      regex: z.string(),
      replacement: z.string(),
      permanent: z.boolean().default(false),
    }),
  }),
  z.strictObject({
    headers: z.object({
      request: pairs.default({}),
      response: pairs.default({}),
      /** For answers to what came by https; `response` goes before them. */
      secureResponse: pairs.optional(),
    }),
  }),
  z.strictObject({
    cors: z.object({
      origins: strings.default([]),
      originRegexes: strings.default([]),
      methods: strings.default([]),
      headers: strings.default([]),
      exposeHeaders: strings.default([]),
      credentials: z.boolean().default(false),
      maxAge: z.int().optional(),
      vary: z.boolean().default(false),
    }),
  }),
  z.strictObject({
    allowHosts: strings,
  }),
  z.strictObject({
    basicAuth: z.object({
      users: strings,
      realm: z.string().default('traefik'),
      removeHeader: z.boolean().default(false),
      userHeader: z.string().optional(),
    }),
  }),
  z.strictObject({
    digestAuth: z.object({
      users: strings,
      realm: z.string().default('traefik'),
      removeHeader: z.boolean().default(false),
      userHeader: z.string().optional(),
    }),
  }),
  z.strictObject({
    forwardAuth: z.object({
      address: z.string(),
      trustForwardHeader: z.boolean().default(false),
      requestHeaders: strings.default([]),
      responseHeaders: strings.default([]),
      responseHeadersRegex: z.string().optional(),
      cookies: strings.default([]),
      forwardBody: z.boolean().default(false),
      maxBodyBytes: z.int().optional(),
      keepMethod: z.boolean().default(false),
      userHeader: z.string().optional(),
    }),
  }),
  z.strictObject({
    allowIp: z.object({
      ranges: strings,
      source: source.optional(),
      status: z.int().min(400).max(599).default(403),
    }),
  }),
  z.strictObject({
    rateLimit: z.object({
      average: z.number().min(0),
      periodMs: z.number().min(1).default(1000),
      burst: z.int().min(1).default(1),
      source: source.optional(),
    }),
  }),
  z.strictObject({
    inFlight: z.object({ amount: z.int().min(1), source: source.optional() }),
  }),
  z.strictObject({
    retry: z.object({
      attempts: z.int().min(1),
      initialIntervalMs: z.number().min(0).default(0),
      status: strings.default([]),
      nonIdempotent: z.boolean().default(false),
      maxBodyBytes: z.int().optional(),
    }),
  }),
  z.strictObject({
    circuitBreaker: z.object({
      expression: z.string(),
      checkMs: z.number().default(100),
      fallbackMs: z.number().default(10_000),
      recoveryMs: z.number().default(10_000),
      status: z.int().default(503),
    }),
  }),
  z.strictObject({
    maxBody: z.object({
      requestBytes: z.int().min(0).optional(),
      responseBytes: z.int().min(0).optional(),
    }),
  }),
  z.strictObject({
    compress: z.object({
      excludeTypes: strings.default([]),
      includeTypes: strings.default([]),
      minBytes: z.int().min(0).default(1024),
      encodings: strings.default(['zstd', 'br', 'gzip']),
    }),
  }),
  z.strictObject({
    timeout: z.object({
      connectMs: z.number().optional(),
      firstByteMs: z.number().optional(),
      idleMs: z.number().optional(),
    }),
  }),
  z.strictObject({
    errorPages: z.object({ status: strings, service: z.string(), path: z.string() }),
  }),
  z.strictObject({
    chain: strings,
  }),
  /** One that a label declares badly, which a problem of that label says: it closes the routes that use it. */
  z.strictObject({
    unread: z.string(),
  }),
])

export type Middleware = Readonly<z.infer<typeof middlewareSchema>>
