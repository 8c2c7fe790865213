import { z } from 'zod'

import { middlewareSchema } from './middleware.ts'
import { routeSchema } from './route.ts'

/**
 * What one container declares for others: the value under `<prefix>/definitions/…`. Names are full ones in lower case,
 * such as `auth@docker`.
 */
export const definitionSchema = z.object({
  v: z.int().min(1),
  node: z.string().min(1),
  container: z.string().regex(/^[0-9a-f]{12,64}$/),
  name: z.string(),
  /** RFC 3339: of two that define one name differently the older one holds. */
  createdAt: z.string(),
  middlewares: z.record(z.string(), middlewareSchema).default({}),
  /** The ports of this container that are instances of a service. */
  services: z.record(z.string(), z.int().min(1).max(65_535)).default({}),
  /** Its routes that lead to services of other containers. */
  routes: z.array(z.object({ service: z.string(), route: routeSchema })).default([]),
})

export type Definition = Readonly<z.infer<typeof definitionSchema>>
