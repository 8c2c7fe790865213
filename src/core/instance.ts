import { z } from 'zod'

import { policySchema } from './policy.ts'
import { routeSchema } from './route.ts'

export const instanceStates = ['starting', 'ready', 'unhealthy', 'draining'] as const
export type InstanceState = (typeof instanceStates)[number]

export const protocols = ['http', 'https', 'h2c', 'tcp', 'udp'] as const
export type Protocol = (typeof protocols)[number]

const port = z.int().min(1).max(65_535)
const address = z.object({
  network: z.string(),
  ip: z.string().min(1),
  /** The network's driver, where that says from where the address is reached: for all but bridges. */
  driver: z.string().optional(),
  /** Docker's id of an overlay network, which is the same on all of its nodes. */
  id: z.string().optional(),
  /** Closed to all who are not on it. */
  internal: z.literal(true).optional(),
})
const published = z.object({ ip: z.string(), port })

/**
 * One running copy of a service, on one of its ports. A service itself is no record: it is the set of its
 * instances. This is the value under `<prefix>/instances/…`; unknown fields are let pass.
 */
export const instanceSchema = z.object({
  v: z.int().min(1),
  service: z.string().min(1),
  /** Compose project; `-` for a name that somebody gave, which is global. */
  project: z.string().min(1),
  node: z.string().min(1),
  container: z.string().regex(/^[0-9a-f]{12,64}$/),
  /** RFC 3339, as Docker says it. With `container` and `port` it is the identity. */
  startedAt: z.string(),
  createdAt: z.string().default(''),
  name: z.string(),
  image: z.string(),
  /** Compose's container number. */
  ordinal: z.int().nullable(),
  protocol: z.enum(protocols),
  port,
  addresses: z.array(address),
  published: published.nullable(),
  /** Network that a label asks for. */
  network: z.string().nullable().default(null),
  state: z.enum(instanceStates),
  /** Why its process does not go on as ever: Docker has paused it, or has told it to stop. */
  halt: z.enum(['paused', 'stopping']).optional(),
  weight: z.number().min(0),
  /** Seconds between the stop signal and the kill, from Docker. */
  stopTimeout: z.number().min(0).default(10),
  tags: z.array(z.string()),
  attributes: z.record(z.string(), z.string()),
  routes: z.array(routeSchema),
  policy: policySchema,
})

export type Instance = Readonly<z.infer<typeof instanceSchema>>
export type Address = Readonly<z.infer<typeof address>>

/** Whether a network of this driver gives addresses of the LAN, which all but their own host reach. */
export function isOnLan(driver: string | undefined): boolean {
  return driver === 'macvlan' || driver === 'ipvlan'
}

/**
 * What everything that is counted or remembered about an instance hangs on. Never the address or the name:
 * Docker gives both to the next container 0.2 s after a death.
 */
export function identityOf(
  instance: Pick<Instance, 'container' | 'startedAt' | 'port' | 'protocol'>,
) {
  const udp = instance.protocol === 'udp' ? ':udp' : ''
  return `${instance.container.slice(0, 12)}@${instance.startedAt}:${instance.port}${udp}`
}

/** `shop/web`, or `web` for a global service. */
export function serviceId({ project, service }: Pick<Instance, 'project' | 'service'>): string {
  return project === '-' ? service : `${project}/${service}`
}
