import { byAge, compare, emptyCatalog } from '../../core/catalog.ts'
import { defined } from '../../core/defined.ts'
import { Definitions } from '../../core/definitions.ts'
import { type Instance, serviceId } from '../../core/instance.ts'
import { definitionKey } from '../../core/keys.ts'
import type { Problem } from '../../core/problems.ts'
import type { Vantage } from '../../core/vantage.ts'
import { routeTable } from '../../proxy/table/table.ts'
import type { DialectSettings } from '../../registrator/dialects/dialect.ts'
import { instancesOf } from '../../registrator/instances.ts'
import { saidBy } from '../../registrator/said-by.ts'
import { composeProblems } from './compose-problems.ts'
import { type Composed, containersOf, unknownPort } from './containers.ts'
import type { Place } from './document.ts'
import type { ComposeProject } from './files.ts'
import type { Finding } from './finding.ts'
import { entry, pairs } from './values.ts'

const node = 'here'
const vantage: Vantage = { node, place: { kind: 'host' }, containersUnreachable: false }

/** All that is wrong with the labels and variables of `project`, as a running Portolan would find it; in file order. */
export function findings(project: ComposeProject, settings: DialectSettings): Finding[] {
  const composed = containersOf(project.root, project.name)
  const instances: Instance[] = []
  const lent = new Definitions()
  const found: { problem: Omit<Problem, 'where'>; of: Composed }[] = []
  for (const of of composed) {
    const registered = instancesOf(of.container, { ...settings, node })
    const own = registered.instances.map(({ instance }) => instance)
    const more = [...networkProblems(of, own), ...portProblems(of, own, settings)]
    found.push(...[...registered.problems, ...more].map((problem) => ({ problem, of })))
    const { definition } = registered
    if (definition) lent.set(definitionKey('', definition), definition)
    // one problem with a network is enough
    instances.push(...own.map((one) => ({ ...one, network: null, ...placed(one) })))
  }
  const byName = new Map(composed.map((one) => [`container ${one.container.name}`, one]))
  const whole = instances.map((one) => defined(one, definitionKey('', one), lent))
  const joint = [...lent.problems(), ...whole.flatMap(({ problems }) => problems)]
  const routed = tableProblems(whole.map(({ instance }) => instance))
  for (const problem of [...joint.map(maybeElsewhere), ...routed.filter(isOther)]) {
    const of = byName.get(problem.where)
    if (of) found.push({ problem, of })
  }
  const all = [
    ...composeProblems(project),
    ...found.map(({ problem, of }) => findingOf(problem, of)),
  ]
  const unique = [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
  return unique.toSorted((a, b) => compare(a.file, b.file) || a.line - b.line)
}

/** Another file, or another project, may declare it. */
function maybeElsewhere(problem: Problem): Problem {
  return problem.severity === 'error' ? { ...problem, severity: 'warning' } : problem
}

/** That a middleware is missing has been said, with where to look for it. */
function isOther({ what }: Problem): boolean {
  return !/^middleware \S+@docker is not known$/.test(what)
}

function tableProblems(instances: readonly Instance[]): readonly Problem[] {
  const services = Map.groupBy(instances.toSorted(byAge), serviceId)
  return routeTable({ ...emptyCatalog, complete: true, services }, vantage).problems
}

/** Whether a container can be reached is known where it runs, not here. */
function placed({ addresses }: Instance): Partial<Instance> {
  return addresses.length > 0 ? {} : { addresses: [{ network: 'any', ip: '10.0.0.1' }] }
}

function networkProblems(
  { container }: Composed,
  instances: readonly Instance[],
): Omit<Problem, 'where'>[] {
  const names = container.networks.map(({ name }) => name)
  const wanted = new Set(instances.flatMap(({ network }) => network ?? []))
  return [...wanted].flatMap((network) => {
    if (names.length === 0 || names.includes(network)) return []
    return {
      severity: 'error' as const,
      what: `network ${network}`,
      why: `the service is not on it, but on ${names.join(', ')}`,
      remedy: 'name one of these, as Docker calls it, or add it to the networks of the service',
    }
  })
}

/** The file names no port: whether the image exposes one is not to be seen here. */
function portProblems(
  { container, portless }: Composed,
  instances: readonly Instance[],
  settings: DialectSettings,
): Omit<Problem, 'where'>[] {
  const routed = instances.some((one) => one.port === unknownPort && one.routes.length > 0)
  if (!portless || !routed) return []
  const named = saidBy(container, settings).some(
    ({ ports, routes }) =>
      ports.includes(unknownPort) || routes.some(({ port }) => port === unknownPort),
  )
  if (named) return []
  return [
    {
      severity: 'warning',
      what: 'a route without a port',
      why: 'the file names none, so it works only if the image exposes one (EXPOSE)',
      remedy: 'say which port it listens on: portolan.port=3000, or expose: ["3000"]',
    },
  ]
}

function findingOf({ severity, what, why, remedy }: Omit<Problem, 'where'>, of: Composed): Finding {
  const { service, value } = of
  return { service, severity, what, why, remedy, ...placeOf(what, of, value.at) }
}

/** The line of the label or variable that a problem names, else of the first whose value it repeats. */
function placeOf(what: string, { value }: Composed, fallback: Place): Place {
  const all = [...pairs(entry(value, 'labels')), ...pairs(entry(value, 'environment'))]
  const [, name = ''] = /^(?:label|variable) ([^=\s]+)/.exec(what) ?? []
  const byName = all.find((one) => one.name === name)
  const byValue = all.find((one) => one.text.length > 3 && what.includes(one.text))
  return byName?.at ?? byValue?.at ?? fallback
}
