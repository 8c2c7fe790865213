import { z } from 'zod'

import { block, type Line, lines } from './lines.ts'

const published = z.object({ ip: z.string(), port: z.number() }).nullable()
const facts = z.object({
  image: z.string(),
  state: z.string(),
  draining: z.boolean(),
  health: z.string(),
  startedAt: z.string(),
  networkMode: z.string(),
  networks: z.array(
    z.object({
      name: z.string(),
      ip: z.string(),
      ip6: z.string(),
      driver: z.string(),
      internal: z.boolean(),
    }),
  ),
  ports: z.array(z.object({ port: z.number(), protocol: z.string(), published })),
})
const rule = z.object({ name: z.string(), rule: z.string(), entrypoints: z.array(z.string()) })
const instance = z.object({
  service: z.string(),
  port: z.number(),
  protocol: z.string(),
  state: z.string(),
  weight: z.number(),
  drained: z.boolean(),
  address: z.object({ at: z.string().nullable(), why: z.string(), remedy: z.string() }),
  routes: z.array(rule.extend({ used: z.boolean() })),
  otherRoutes: z.array(rule.extend({ source: z.string() })),
  keys: z.array(
    z.object({ key: z.string(), stored: z.boolean().optional(), value: z.string().optional() }),
  ),
})
const said = z.object({
  dialect: z.string(),
  enabled: z.boolean().optional(),
  network: z.string().optional(),
  services: z.array(z.string()),
  ports: z.array(z.number()),
  routes: z.array(rule.extend({ port: z.number().optional() })),
})

/** The answer about a container. */
export const containerAnswer = z.object({
  kind: z.literal('container'),
  name: z.string(),
  id: z.string(),
  node: z.string(),
  facts: facts.nullable(),
  labels: z.array(said),
  instances: z.array(instance),
  problems: z.array(
    z.object({ severity: z.string(), what: z.string(), why: z.string(), remedy: z.string() }),
  ),
})

type Answer = z.infer<typeof containerAnswer>

/** For people: facts, labels, each instance, and what is wrong. */
export function containerText(answer: Answer, colours: boolean): string {
  const { name, id, node, problems } = answer
  return lines(
    [
      { name: `${name} (${id.slice(0, 12)}) on ${node}`, text: '' },
      ...factLines(answer),
      ...block('labels', answer.labels.map(saidText)),
      ...(answer.facts && answer.labels.length === 0
        ? [{ name: 'labels', text: 'none that say anything of routes or names' }]
        : []),
      ...(answer.instances.length === 0
        ? [{ name: 'instances', text: 'none', tone: 'yellow' as const }]
        : answer.instances.flatMap(instanceLines)),
      ...(problems.length === 0 ? [] : [{ name: 'problems', text: '' }]),
      ...problems.flatMap(problemLines),
    ],
    colours,
  )
}

function factLines({ facts: known, node }: Answer): Line[] {
  if (!known) {
    return [
      { name: 'facts', text: `only Portolan on ${node} sees its labels and networks: ask there` },
    ]
  }
  const { image, state, draining, health, startedAt, networkMode, networks, ports } = known
  const leaving = draining ? ', was told to stop' : ''
  const nets = networks.map(({ name, ip, ip6, driver, internal }) => {
    const kind = [driver === 'bridge' ? '' : driver, internal ? 'internal' : ''].filter(Boolean)
    const shown = kind.length > 0 ? ` (${kind.join(', ')})` : ''
    return `${name} ${[ip, ip6].filter(Boolean).join(' ')}${shown}`
  })
  const open = ports.map(({ port, protocol, published: at }) => {
    return `${port}/${protocol}${at ? ` → ${at.ip || '*'}:${at.port}` : ''}`
  })
  return [
    { name: 'image', text: image || '-' },
    { name: 'state', text: `${state}${leaving}, health ${health}, since ${startedAt}` },
    { name: 'networks', text: nets.join(', ') || `none (mode ${networkMode})` },
    { name: 'ports', text: open.join(', ') || 'none' },
  ]
}

function saidText({ dialect, enabled, network, services, ports, routes }: z.infer<typeof said>) {
  const parts = [
    ...(enabled === undefined ? [] : [enabled ? 'enabled' : 'disabled']),
    ...services.map((one) => `service ${one}`),
    ...ports.map((one) => `port ${one}`),
    ...(network === undefined ? [] : [`network ${network}`]),
    ...routes.map((one) => `route ${one.name}: ${one.rule}`),
  ]
  return { text: `${dialect}: ${parts.join('; ') || 'more about its ports'}` }
}

function instanceLines(one: z.infer<typeof instance>): Line[] {
  const { service, port, protocol, state, weight, drained, address } = one
  const wish = drained ? ', drained by a wish' : ''
  const share = weight === 1 ? '' : `, weight ${weight}`
  return [
    { name: `${service} :${port} ${protocol}`, text: '' },
    ...block('state', [{ text: `${state}${wish}${share}`, state }]),
    ...addressLines(address),
    ...block(
      'routes',
      one.routes.map(({ rule: text, entrypoints, used }) => {
        return used
          ? { text: `${text} on ${entrypoints.join(', ')}` }
          : { text: `${text}: not used, see problems`, state: 'error' }
      }),
    ),
    ...block(
      'routes',
      one.otherRoutes.map((other) => ({ text: `${other.rule} (${other.source} ${other.name})` })),
    ),
    ...block('keys', one.keys.map(keyText)),
  ]
}

function addressLines({ at, why, remedy }: z.infer<typeof instance>['address']): Line[] {
  if (at !== null) return [{ name: 'address', text: `${at}: ${why}` }]
  return [
    { name: 'address', text: `out of reach: ${why}`, tone: 'red' },
    { name: '', text: `→ ${remedy}` },
  ]
}

function keyText({ key, stored, value }: z.infer<typeof instance>['keys'][number]) {
  if (value !== undefined) return { text: `${key} = ${value}` }
  return stored === false ? { text: `${key}: not in the store`, state: 'warning' } : { text: key }
}

function problemLines({ severity, what, why, remedy }: Answer['problems'][number]): Line[] {
  return [
    ...block(severity, [{ text: `${what}: ${why}`, state: severity }]),
    { name: '', text: `→ ${remedy}` },
  ]
}
