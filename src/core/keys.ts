import { z } from 'zod'

import { type Definition, definitionSchema } from './definition.ts'
import { PortolanError } from './errors.ts'
import { type Instance, instanceSchema } from './instance.ts'
import { storedRoute, type StoredRoute, storedRouteSchema } from './route.ts'

/** The value of `<prefix>/nodes/<node>`. */
export const nodeSchema = z.object({
  v: z.int().min(1),
  node: z.string().min(1),
  /** Docker's id of the engine: tells a restart from a second machine of the same name. */
  engine: z.string(),
  /** Random, one for each process. */
  session: z.string(),
  /** Where other nodes reach this one; empty when not known. */
  address: z.string(),
  roles: z.array(z.string()),
  version: z.string(),
  startedAt: z.string().default(''),
})
export type NodeRecord = Readonly<z.infer<typeof nodeSchema>>

/** The value of `<prefix>/wishes/<kind>/<subject>`. */
export const wishSchema = z.object({ v: z.int().min(1), value: z.union([z.boolean(), z.number()]) })
export type Wish = Readonly<z.infer<typeof wishSchema>>

export const nodesPrefix = (prefix: string) => `${prefix}/nodes/`
export const nodeKey = (prefix: string, node: string) => `${prefix}/nodes/${node}`
export const instancesPrefix = (prefix: string) => `${prefix}/instances/`
export const ownInstancesPrefix = (prefix: string, node: string) => `${prefix}/instances/${node}/`

/** `<prefix>/instances/<node>/<container id, 12>/<port>[:udp]` */
export function instanceKey(prefix: string, instance: Instance): string {
  return `${ownInstancesPrefix(prefix, instance.node)}${instanceName(instance)}`
}

/** `<container id, 12>/<port>[:udp]`: the part after the node, unique on it. */
export function instanceName({ container, port, protocol }: Instance): string {
  return `${container.slice(0, 12)}/${port}${protocol === 'udp' ? ':udp' : ''}`
}

export const ownDefinitionsPrefix = (prefix: string, node: string) =>
  `${prefix}/definitions/${node}/`

/** `<prefix>/definitions/<node>/<container id, 12>` */
export function definitionKey(
  prefix: string,
  { node, container }: Pick<Instance, 'node' | 'container'>,
): string {
  return `${ownDefinitionsPrefix(prefix, node)}${container.slice(0, 12)}`
}

/** The keys that instances at `port` of the container have whose definition is `key`. */
export function instanceKeysAt(prefix: string, key: string, port: number): string[] {
  const tcp = `${instancesPrefix(prefix)}${key.slice(`${prefix}/definitions/`.length)}/${port}`
  return [tcp, `${tcp}:udp`]
}

export const routesPrefix = (prefix: string) => `${prefix}/routes/`
export const wishesPrefix = (prefix: string) => `${prefix}/wishes/`

/** `<prefix>/wishes/<kind>/<node>/<container id, 12>/<port>[:udp]`; `subject` as `subjectOf` gives it. */
export function wishKey(prefix: string, kind: 'drain' | 'weight', subject: string): string {
  return `${wishesPrefix(prefix)}${kind}/${subject}`
}

/** How a wish names an instance: `<node>/<container id, 12>/<port>[:udp]`. */
export function subjectOf(instance: Instance): string {
  return `${instance.node}/${instanceName(instance)}`
}

/** What a key under our prefix holds. */
export type Stored =
  | { readonly kind: 'node'; readonly node: NodeRecord }
  | { readonly kind: 'instance'; readonly instance: Instance }
  | { readonly kind: 'definition'; readonly definition: Definition }
  | { readonly kind: 'route'; readonly route: StoredRoute }
  | { readonly kind: 'wish'; readonly wish: string; readonly subject: string; readonly value: Wish }
  | { readonly kind: 'other' }

/**
 * Reads one entry under `prefix`. Throws `bad-value` for what is not of the form; kinds that a newer version
 * may have brought are `other`.
 */
export function parseEntry(prefix: string, key: string, value: string): Stored {
  const [kind = '', ...rest] = key.slice(prefix.length + 1).split('/')
  switch (kind) {
    case 'nodes':
      return { kind: 'node', node: parsed(key, value, nodeSchema) }
    case 'instances':
      return { kind: 'instance', instance: ownedInstance(prefix, key, value) }
    case 'definitions':
      return { kind: 'definition', definition: ownedDefinition(prefix, key, value) }
    case 'routes':
      return {
        kind: 'route',
        route: storedRoute(rest.join('/'), parsed(key, value, storedRouteSchema)),
      }
    case 'wishes': {
      const [wish = '', ...subject] = rest
      const read = parsed(key, value, wishSchema)
      return { kind: 'wish', wish, subject: subject.join('/'), value: read }
    }
    default:
      return { kind: 'other' }
  }
}

function ownedInstance(prefix: string, key: string, value: string): Instance {
  const instance = parsed(key, value, instanceSchema)
  if (instanceKey(prefix, instance) === key) return instance
  throw new PortolanError(
    'bad-value',
    `key ${key} holds the instance of ${instanceKey(prefix, instance)}; delete it`,
  )
}

function ownedDefinition(prefix: string, key: string, value: string): Definition {
  const definition = parsed(key, value, definitionSchema)
  const right = definitionKey(prefix, definition)
  if (right === key) return definition
  throw new PortolanError('bad-value', `key ${key} holds the definition of ${right}; delete it`)
}

function parsed<T>(key: string, value: string, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = JSON.parse(value)
  } catch (cause) {
    throw new PortolanError('bad-value', `key ${key} is not JSON; fix or delete it`, { cause })
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const why = z.prettifyError(result.error).replaceAll('\n', ' ')
  throw new PortolanError('bad-value', `key ${key} is not of its form: ${why}; fix or delete it`)
}
