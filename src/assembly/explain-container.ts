import type { Config } from '../config/config.ts'
import { emptyCatalog, instancesOfCatalog } from '../core/catalog.ts'
import { identityOf, serviceId, type Instance } from '../core/instance.ts'
import { instanceKey, subjectOf } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'
import type { Chosen } from '../core/vantage.ts'
import type { Container } from '../docker/docker.ts'
import type { Proxy } from '../proxy/proxy.ts'
import { saidBy } from '../registrator/said-by.ts'
import type { Base } from './base.ts'
import type { Named } from './named.ts'
import { labelSettings } from './own.ts'

/** All that is known of one container: facts, labels, instances, addresses, routes, problems, keys. */
export function containerExplained(
  { id, name, node }: Named,
  config: Config,
  base: Base,
  proxy: Proxy | undefined,
) {
  const { current } = base.docker.containers
  const container = current.kind === 'known' ? current.byId.get(id) : undefined
  const all = instancesOfCatalog(base.catalog.current ?? emptyCatalog)
  const instances = all.filter((one) => one.container === id)
  return {
    kind: 'container',
    name,
    id,
    node: node ?? '',
    facts: container === undefined ? null : factsOf(container),
    vantage: base.vantage.current ?? null,
    labels: container === undefined ? [] : saidBy(container, labelSettings(config)),
    instances: instances.map((one) => instanceExplained(one, config, base, proxy)),
    problems: base.board.problems.current.filter((one) => isAbout(one, name)),
  }
}

function factsOf(container: Container) {
  const { image, state, draining, health, startedAt, networkMode, networks, ports } = container
  return { image, state, draining, health, startedAt, networkMode, networks, ports }
}

function instanceExplained(
  instance: Instance,
  { prefix }: Config,
  base: Base,
  proxy: Proxy | undefined,
) {
  const identity = identityOf(instance)
  const { port, protocol, state, weight, policy } = instance
  const used = proxy?.routes().filter((one) => one.instances.includes(identity)) ?? []
  return {
    service: serviceId(instance),
    port,
    protocol,
    state,
    weight,
    drained: base.wishes.current.drained.has(subjectOf(instance)),
    address: addressExplained(base.addressOf(instance)),
    routes: instance.routes.map((route) => ({
      name: route.name,
      rule: route.rule,
      entrypoints: route.entrypoints,
      source: route.source,
      /** Whether requests come here by it, as far as this process knows. */
      used: used.some(({ rule }) => rule === route.rule.trim()),
    })),
    /** Routes that others wrote, and that come here. */
    otherRoutes: used
      .filter(({ rule }) => !instance.routes.some((one) => one.rule.trim() === rule))
      .map(({ name, rule, entrypoints, source }) => ({ name, rule, entrypoints, source })),
    balance: policy.balance,
    keys: keysOf(instance, prefix, base),
  }
}

function addressExplained(chosen: Chosen) {
  if (!chosen.ok) return { at: null, why: chosen.why, remedy: chosen.remedy }
  const { ip, port, why } = chosen
  return { at: `${ip.includes(':') ? `[${ip}]` : ip}:${port}`, why, remedy: '' }
}

/** Its keys, and whether the store has them. */
function keysOf(instance: Instance, prefix: string, { mirror, own }: Base) {
  const key = instanceKey(prefix, instance)
  // the catalog's may have more to it: routes and middlewares of other containers
  const identity = identityOf(instance)
  const at = own.current?.instances.findIndex((one) => identityOf(one) === identity) ?? -1
  const plain = own.current?.plain[at]
  return [
    { key, stored: mirror.entries.has(key) },
    // the plain tree may be mirrored by nobody here: what it ought to have is shown
    ...(plain ? [{ key: plain[0], value: plain[1] }] : []),
  ]
}

function isAbout({ where }: Problem, name: string): boolean {
  return where === `container ${name}`
}
