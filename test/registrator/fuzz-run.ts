import { emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, instanceSchema, serviceId } from '../../src/core/instance.ts'
import type { Container } from '../../src/docker/docker.ts'
import { routeTable } from '../../src/proxy/table/table.ts'
import { containerId } from '../core/samples.ts'
import { container, register, settings } from './containers.ts'
import { randomContainer, seeded } from './labels-at-random.ts'

export type Fuzzed = {
  readonly cases: number
  /** What went wrong, with the container that did it; empty is what is wanted. */
  readonly failures: readonly string[]
  /** CPU of one case, which no neighbour on this machine makes more. */
  readonly slowestMs: number
  /** So that nobody takes noise that nothing reads for a test. */
  readonly routes: number
  readonly problems: number
}

const vantage = { node: 'h1', place: { kind: 'host' }, containersUnreachable: false } as const
const neighbour = container({
  id: containerId('fed'),
  name: 'fixed-neighbour',
  createdAt: '2020-01-01T00:00:00Z',
  labels: { 'portolan.host': 'neighbour.localhost', 'portolan.service': 'fixed-neighbour' },
})

/** Registers and routes `cases` random containers, each beside one neighbour whose route must stay as it is. */
export function fuzz(cases: number, seed: number): Fuzzed {
  const random = seeded(seed)
  const alone = neighboursRoute(register(neighbour).instances)
  const failures: string[] = []
  let [slowestMs, routes, problems] = [0, 0, 0]
  for (let at = 0; at < cases; at++) {
    const odd = randomContainer(random)
    const before = process.cpuUsage()
    try {
      const found = register(odd, { ...settings, exposeAll: at % 2 === 0 })
      for (const one of found.instances) reread(one)
      const beside = neighboursRoute([...register(neighbour).instances, ...found.instances])
      if (beside !== alone) failures.push(`the neighbour's route is ${beside} beside ${show(odd)}`)
      routes += found.instances.reduce((sum, one) => sum + one.routes.length, 0)
      problems += found.problems.length
    } catch (error) {
      failures.push(`${String(error)} for ${show(odd)}`)
    }
    const { user, system } = process.cpuUsage(before)
    slowestMs = Math.max(slowestMs, (user + system) / 1000)
  }
  return { cases, failures, slowestMs, routes, problems }
}

/** Other nodes read what we write: it must be of the form that they accept. */
function reread(instance: Instance): void {
  instanceSchema.parse(JSON.parse(JSON.stringify(instance)))
}

function neighboursRoute(instances: readonly Instance[]): string {
  const services = Map.groupBy(instances, serviceId)
  const { table } = routeTable({ ...emptyCatalog, complete: true, services }, vantage)
  return JSON.stringify(table.routes.filter(({ service }) => service === 'fixed-neighbour'))
}

function show({ name, labels, env, ports }: Container): string {
  return JSON.stringify({ name, labels, env, ports })
}
