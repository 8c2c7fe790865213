import type { Problem } from '../core/problems.ts'
import { type Effect, effectOf, isTraefikFlag } from './traefik-table.ts'

/** What a command line and variables made for Traefik mean here. */
export type TraefikWords = {
  /** The arguments that are not Traefik's. */
  readonly rest: readonly string[]
  /** By the name of a setting of ours: its text, and who said it. */
  readonly settings: ReadonlyMap<string, { readonly text: string; readonly source: string }>
  /** How Traefik's labels are read. */
  readonly labels: TraefikLabels
  readonly problems: readonly Problem[]
}

export type TraefikLabels = {
  readonly defaultRule?: string
  readonly network?: string
  readonly exposedByDefault?: boolean
}

type Said = { readonly name: string; readonly source: string; readonly text: string }

/**
 * Takes Traefik's flags (`--entrypoints.web.address=:80`, of any case) and `TRAEFIK_*` variables apart from the rest. A
 * flag wins over a variable. A flag that means nothing here is a problem; such a variable is ignored, because Docker's
 * links make such. Pure.
 */
export function traefikWords(argv: readonly string[], env: NodeJS.ProcessEnv): TraefikWords {
  const { rest, flags } = flagsOf(argv)
  const said = new Map(
    [...variablesOf(env), ...flags].map((one) => [one.name.toLowerCase(), one] as const),
  )
  const settings = new Map<string, { text: string; source: string }>()
  const labels = new Map<string, string>()
  const problems: (Problem & { readonly source: string })[] = []
  for (const { name, text, source } of said.values()) {
    for (const effect of effectOf(name, text) ?? [meaningless]) {
      if (effect.kind === 'labels') labels.set(effect.name, effect.text)
      if (effect.kind === 'setting') {
        const before = effect.more ? settings.get(effect.name)?.text : undefined
        const whole = before === undefined ? effect.text : `${before},${effect.text}`
        settings.set(effect.name, { text: whole, source })
      }
      if (effect.kind === 'problem') problems.push({ ...problemOf(effect), source })
    }
  }
  return { rest, settings, labels: labelsOf(labels), problems: joined(problems) }
}

const meaningless: Effect = {
  kind: 'problem',
  severity: 'note',
  why: 'it has no meaning here',
  remedy: 'leave it out',
}

function flagsOf(argv: readonly string[]): { rest: string[]; flags: Said[] } {
  const rest: string[] = []
  const flags: Said[] = []
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const [, name, inline] = /^--?([a-z][^=\s]*)(?:=(.*))?$/is.exec(arg) ?? []
    if (name === undefined || !isTraefikFlag(name)) {
      rest.push(arg)
      continue
    }
    const next = argv[i + 1]
    const apart =
      inline === undefined && wantsText(name) && next !== undefined && !next.startsWith('-')
    flags.push({ name, source: `--${name}`, text: (apart ? next : inline) ?? 'true' })
    if (apart) i++
  }
  return { rest, flags }
}

/** Whether the word after it belongs to it. */
function wantsText(name: string): boolean {
  return /\.(address|trustedips|gracetimeout|endpoint|network|defaultrule|constraints|level|format)$/i.test(
    name,
  )
}

function variablesOf(env: NodeJS.ProcessEnv): Said[] {
  return Object.entries(env).flatMap(([source, text = '']) => {
    const name = /^TRAEFIK_(\w+)$/.exec(source)?.[1]?.toLowerCase().replaceAll('_', '.') ?? ''
    if (text === '' || !isTraefikFlag(name) || !effectOf(name, text)) return []
    return { name, source, text }
  })
}

function labelsOf(texts: ReadonlyMap<string, string>): TraefikLabels {
  const defaultRule = texts.get('defaultRule')
  const network = texts.get('network')
  const exposed = texts.get('exposedByDefault')
  return {
    ...(defaultRule !== undefined && { defaultRule }),
    ...(network !== undefined && { network }),
    ...(exposed !== undefined && { exposedByDefault: /^(true|1)$/i.test(exposed) }),
  }
}

/** Values are left out: some are secrets. */
function problemOf({ severity, why, remedy }: Effect & { kind: 'problem' }): Problem {
  return { severity, where: '', what: 'is not used', why, remedy }
}

/** Flags that have the same problem have it once. */
function joined(problems: readonly (Problem & { readonly source: string })[]): Problem[] {
  const groups = Map.groupBy(problems, ({ why }) => why)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const { source: _, ...problem } = first
    return { ...problem, where: `setting ${group.map(({ source }) => source).join(', ')}` }
  })
}
