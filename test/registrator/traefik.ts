import type { DialectSettings } from '../../src/registrator/dialects/dialect.ts'
import { traefikDialect } from '../../src/registrator/dialects/traefik/traefik.ts'
import { factsOf } from '../../src/registrator/names.ts'
import { compose, container, settings } from './containers.ts'

export type Labels = Readonly<Record<string, string>>

export const declare = (labels: Labels, given: DialectSettings = settings) =>
  traefikDialect(factsOf(container({ labels: { ...compose, ...labels } })), given)

/** Labels under `traefik.http`, with `traefik.enable=true`. */
export const http = (labels: Labels): Labels => ({
  'traefik.enable': 'true',
  ...Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`traefik.http.${key}`, value]),
  ),
})

export const rule = { 'routers.web.rule': 'Host(`a`)' }
export const routesOf = (labels: Labels, given?: DialectSettings) =>
  declare(labels, given).routes.map(({ route }) => route)

/** What `traefik.http.middlewares.m.<labels>` declare, on a router that uses it. */
export function declareMiddleware(labels: Labels, used = 'm') {
  const named = Object.entries(labels).map(([key, value]) => [`middlewares.m.${key}`, value])
  const all = { ...Object.fromEntries(named), ...rule, 'routers.web.middlewares': used }
  return traefikDialect(factsOf(container({ labels: http(all) })), settings)
}
