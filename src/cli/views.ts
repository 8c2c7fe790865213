import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import type { ViewName } from './commands.ts'
import { type Cell, table, type Tone } from './table.ts'

const answerSchema = z.object({ revision: z.number(), items: z.array(z.unknown()) })

/** The columns of a view, and how an item fills them, with one line or several. */
type Columns = {
  readonly head: readonly string[]
  readonly rows: (item: unknown) => readonly (readonly Cell[])[]
}

/** The text of a view's answer, for people. Throws `admin-down` for an answer of another form. */
export function viewText(view: ViewName, answer: unknown, colours: boolean): string {
  const { head, rows } = columns[view]
  try {
    const { items } = answerSchema.parse(answer)
    return items.length === 0 ? `no ${view}\n` : table(head, items.flatMap(rows), colours)
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause
    throw new PortolanError(
      'admin-down',
      `the answer about ${view} has another form: is that Portolan of another version?`,
    )
  }
}

/** The colours of states and severities. */
export const tones: Readonly<Record<string, Tone>> = {
  ready: 'green',
  starting: 'yellow',
  unhealthy: 'red',
  draining: 'gray',
  error: 'red',
  warning: 'yellow',
  note: 'gray',
  unchanged: 'green',
  written: 'green',
  waiting: 'yellow',
  failed: 'red',
  removed: 'gray',
}

const none: Cell = { text: '' }

function toned(text: string): Cell {
  const tone = tones[text]
  return tone === undefined ? { text } : { text, tone }
}

const columns: Readonly<Record<ViewName, Columns>> = {
  services: columnsOf(
    ['SERVICE', 'READY', 'PORTS', 'NODES'],
    z.object({
      id: z.string(),
      ready: z.number(),
      total: z.number(),
      ports: z.array(z.number()),
      nodes: z.array(z.string()),
    }),
    ({ id, ready, total, ports, nodes }) => [
      [
        { text: id },
        { text: `${ready}/${total}`, tone: ready > 0 ? 'green' : 'red' },
        { text: ports.join(', ') },
        { text: nodes.join(', ') },
      ],
    ],
  ),
  instances: columnsOf(
    ['SERVICE', 'NAME', 'NODE', 'STATE', 'ROLE', 'ADDRESS', 'IN FLIGHT'],
    z.object({
      project: z.string(),
      service: z.string(),
      name: z.string(),
      node: z.string(),
      state: z.string(),
      address: z.object({ at: z.string().nullable() }),
      inFlight: z.number(),
      role: z.object({ is: z.string() }).nullish(),
    }),
    ({ project, service, name, node, state, address, inFlight, role }) => [
      [
        { text: project === '-' ? service : `${project}/${service}` },
        { text: name },
        { text: node },
        toned(state),
        { text: role?.is ?? '-' },
        address.at === null ? { text: 'out of reach', tone: 'red' } : { text: address.at },
        { text: String(inFlight) },
      ],
    ],
  ),
  routes: columnsOf(
    ['ROUTE', 'RULE', 'ENTRYPOINTS', 'SERVICE', 'INSTANCES', 'SOURCE', 'PROBLEMS'],
    z.object({
      name: z.string(),
      rule: z.string(),
      entrypoints: z.array(z.string()),
      service: z.string().nullish(),
      instances: z.array(z.unknown()),
      source: z.string(),
      problems: z.array(z.unknown()),
    }),
    ({ name, rule, entrypoints, service, instances, source, problems }) => [
      [
        { text: name },
        { text: rule },
        { text: entrypoints.join(', ') },
        { text: service ?? '-' },
        { text: String(instances.length) },
        { text: source },
        problems.length === 0 ? { text: '-' } : { text: String(problems.length), tone: 'red' },
      ],
    ],
  ),
  nodes: columnsOf(
    ['NODE', 'ADDRESS', 'ROLES', 'VERSION', 'SINCE', 'ENGINE'],
    z.object({
      node: z.string(),
      address: z.string(),
      roles: z.array(z.string()),
      version: z.string(),
      startedAt: z.string(),
      engine: z.string(),
    }),
    ({ node, address, roles, version, startedAt, engine }) => [
      [
        { text: node },
        { text: address || '-' },
        { text: roles.join(', ') },
        { text: version },
        { text: startedAt || '-' },
        { text: engine },
      ],
    ],
  ),
  certificates: columnsOf(
    ['CERTIFICATE', 'SOURCE', 'NAMES', 'UNTIL', 'PROBLEM'],
    z.object({
      name: z.string(),
      source: z.string(),
      names: z.array(z.string()),
      notAfter: z.string(),
      problem: z.string().nullable(),
    }),
    ({ name, source, names, notAfter, problem }) => [
      [
        { text: name },
        { text: source },
        { text: names.join(', ') || '-' },
        { text: notAfter },
        problem === null ? { text: '-' } : { text: problem, tone: 'red' },
      ],
    ],
  ),
  files: columnsOf(
    ['FILE', 'STATE', 'WRITTEN', 'RESOURCE', 'PROBLEM'],
    z.object({
      name: z.string(),
      dest: z.string(),
      state: z.string(),
      lastPublished: z.string().nullable(),
      lastError: z.string().nullable(),
      reload: z.object({ failures: z.number() }).nullable(),
      files: z
        .array(z.object({ dest: z.string(), state: z.string(), error: z.string().nullable() }))
        .nullable(),
    }),
    ({ name, dest, state, lastPublished, lastError, reload, files }) => {
      const rows = files?.length ? files : [{ dest, state, error: lastError }]
      const due = reload ? `reload is due, failed ${reload.failures} times` : '-'
      return rows.map((file) => [
        { text: file.dest },
        toned(file.state),
        { text: lastPublished ?? '-' },
        { text: name },
        file.error === null ? { text: due } : { text: file.error, tone: 'red' },
      ])
    },
  ),
  problems: columnsOf(
    ['SEVERITY', 'WHERE', 'WHAT, WHY, REMEDY'],
    z.object({
      severity: z.string(),
      where: z.string(),
      what: z.string(),
      why: z.string(),
      remedy: z.string(),
    }),
    ({ severity, where, what, why, remedy }) => [
      [toned(severity), { text: where }, { text: what }],
      [none, none, { text: why }],
      [none, none, { text: `→ ${remedy}` }],
    ],
  ),
}

function columnsOf<T>(
  head: readonly string[],
  schema: z.ZodType<T>,
  rows: (item: T) => readonly (readonly Cell[])[],
): Columns {
  return { head, rows: (item) => rows(schema.parse(item)) }
}
