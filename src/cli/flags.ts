import { parseArgs } from 'node:util'

import { PortolanError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'

/** What a flag takes: one value (the last one counts), several that are joined by commas, or none. */
export type FlagKind = 'value' | 'many' | 'switch'
export type FlagKinds = ReadonlyMap<string, FlagKind>

export type Parsed = {
  /** By name without dashes. A switch that is named alone is `true`. */
  readonly flags: ReadonlyMap<string, string>
  /** What is no flag, in order. */
  readonly words: readonly string[]
}

type Token = ReturnType<typeof tokensOf>[number]
type FlagToken = Extract<Token, { kind: 'option' }>

const letters: Readonly<Record<string, string>> = { help: 'h', version: 'V', file: 'f' }

/** Takes `--flag value`, `--flag=value` and words apart. Throws `bad-config` for a flag that is not in `kinds`. */
export function parseFlags(argv: readonly string[], kinds: FlagKinds): Parsed {
  const flags = new Map<string, string>()
  const words: string[] = []
  for (const token of tokensOf(argv, kinds)) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind === 'option') addFlag(flags, kinds, token)
  }
  return { flags, words }
}

function tokensOf(argv: readonly string[], kinds: FlagKinds) {
  const options = [...kinds].map(([name, kind]) => {
    const type: 'boolean' | 'string' = kind === 'switch' ? 'boolean' : 'string'
    const short = letters[name]
    return [name, short === undefined ? { type } : { type, short }] as const
  })
  return parseArgs({
    args: [...argv],
    options: Object.fromEntries(options),
    // its own errors name no remedy
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens
}

function addFlag(flags: Map<string, string>, kinds: FlagKinds, token: FlagToken): void {
  const { name, rawName, value, inlineValue } = token
  const kind = kinds.get(name)
  if (kind === undefined) throw unknown(rawName, kinds)
  if (kind === 'switch') {
    flags.set(name, value ?? 'true')
    return
  }
  // parseArgs gives a flag the next word, even if it is a flag
  if (value === undefined || (!inlineValue && value.startsWith('--'))) {
    const sign = rawName.startsWith('--') ? '=' : ' '
    throw new PortolanError('bad-config', `${rawName} needs a value: write ${rawName}${sign}VALUE`)
  }
  const before = kind === 'many' ? flags.get(name) : undefined
  flags.set(name, before === undefined ? value : `${before},${value}`)
}

function unknown(rawName: string, kinds: FlagKinds): PortolanError {
  const known = [...kinds.keys()].map((name) => `--${name}`)
  return new PortolanError(
    'bad-config',
    `${rawName} is not known here${didYouMean(rawName, known)}; portolan --help lists what there is`,
  )
}
