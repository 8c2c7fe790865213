import { type Config, readAdmin, readConfig, type Sources } from '../config/config.ts'
import type { Listen } from '../config/kinds.ts'
import { settingWords } from '../config/settings.ts'
import { PortolanError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { type CommandName, commands, isCommandName, switches, type ViewName } from './commands.ts'
import { type FlagKind, type FlagKinds, parseFlags } from './flags.ts'

/** What to do, with all that it needs. */
export type Command =
  | { readonly kind: 'help'; readonly about: CommandName | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly config: Config }
  | {
      readonly kind: 'render'
      readonly config: Config
      readonly once: boolean
      readonly noop: boolean
    }
  | {
      readonly kind: 'view'
      readonly view: ViewName
      readonly admin: Listen
      readonly json: boolean
    }
  | { readonly kind: 'health' | 'leave'; readonly admin: Listen }

/** Reads a command line (without `node` and the file). Throws `bad-config`, whose message has the remedy. */
export function commandOf(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  const { words, flags: asked } = parseFlags(argv, everyFlag)
  const [first, second] = words
  if (asked.has('version')) return { kind: 'version' }
  if (first === 'help')
    return { kind: 'help', about: second === undefined ? undefined : named(second) }
  const name = first === undefined ? 'run' : named(first)
  if (asked.has('help')) return { kind: 'help', about: first === undefined ? undefined : name }
  if (second !== undefined) {
    const what = JSON.stringify(second)
    throw new PortolanError('bad-config', `portolan ${name} takes no ${what}: leave it out`)
  }
  return filled(name, { flags: parseFlags(argv, flagsOf(name)).flags, env })
}

function named(text: string): CommandName {
  if (isCommandName(text)) return text
  const near = didYouMean(text, Object.keys(commands))
  throw new PortolanError(
    'bad-config',
    `there is no command ${JSON.stringify(text)}${near}; portolan --help lists them`,
  )
}

function filled(name: CommandName, sources: Sources): Command {
  switch (name) {
    case 'run':
      return { kind: name, config: readConfig(sources) }
    case 'render':
      return rendering(sources)
    case 'health':
    case 'leave':
      return { kind: name, admin: adminOf(sources) }
    case 'services':
    case 'routes':
    case 'instances':
    case 'problems':
      return { kind: 'view', view: name, admin: adminOf(sources), json: isOn(sources, 'json') }
  }
}

function rendering(sources: Sources): Command {
  const config = readConfig(sources)
  if (config.confd === undefined) {
    throw new PortolanError(
      'bad-config',
      'portolan render needs --confd FOLDER with conf.d and templates',
    )
  }
  const noop = isOn(sources, 'noop')
  return { kind: 'render', config, noop, once: noop || isOn(sources, 'once') }
}

function isOn({ flags }: Sources, name: string): boolean {
  return flags.get(name) === 'true'
}

function adminOf(sources: Sources): Listen {
  const admin = readAdmin(sources)
  if (admin !== undefined) return admin
  throw new PortolanError('bad-config', '--admin is off: name the address of a running Portolan')
}

const settingKinds = settingWords.map(({ name, value, many }): [string, FlagKind] => {
  if (value === '') return [name, 'switch']
  return [name, many ? 'many' : 'value']
})

const always: readonly [string, FlagKind][] = [
  ['help', 'switch'],
  ['version', 'switch'],
]

const everyFlag: FlagKinds = new Map([
  ...settingKinds,
  ...Object.values(switches).flatMap((list) =>
    list.map(({ name }): [string, FlagKind] => [name, 'switch']),
  ),
  ...always,
])

function flagsOf(command: CommandName): FlagKinds {
  const { takes } = commands[command]
  const all = takes === 'settings' || takes === 'render'
  const own = switches[takes].map(({ name }): [string, FlagKind] => [name, 'switch'])
  const taken = settingKinds.filter(([name]) => all || name === 'admin')
  return new Map([...taken, ...own, ...always])
}
