import { type Config, readAdmin, readConfig, readDialects, type Sources } from '../config/config.ts'
import type { AdminAt } from '../config/kinds.ts'
import { settingWords } from '../config/settings.ts'
import { traefikWords, type TraefikWords } from '../config/traefik-flags.ts'
import { PortolanError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import {
  type CommandName,
  commands,
  isCommandName,
  settingsOf,
  type Switch,
  switches,
  type ViewName,
  wordOf,
} from './commands.ts'
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
      /** A template to show while it is edited. */
      readonly watch: string | undefined
    }
  | {
      readonly kind: 'view'
      readonly view: ViewName
      readonly admin: AdminAt
      readonly json: boolean
    }
  | {
      readonly kind: 'explain'
      readonly admin: AdminAt
      /** A container or a URL. */
      readonly what: string
      readonly method: string
      readonly json: boolean
    }
  | {
      readonly kind: 'check'
      /** Empty: the usual one of this folder. */
      readonly files: readonly string[]
      readonly dialects: Dialects
      /** Whose variables fill in those of the files. */
      readonly env: NodeJS.ProcessEnv
      readonly json: boolean
    }
  | { readonly kind: 'convert'; readonly file: string }
  /** Empty: list the names. */
  | { readonly kind: 'init'; readonly name: string }
  | { readonly kind: 'events'; readonly admin: AdminAt; readonly json: boolean }
  | { readonly kind: 'drain' | 'undrain'; readonly admin: AdminAt; readonly instance: string }
  | {
      readonly kind: 'weight'
      readonly admin: AdminAt
      readonly instance: string
      /** A number, or `label`. */
      readonly weight: string
    }
  | { readonly kind: 'health' | 'leave'; readonly admin: AdminAt }

type Dialects = ReturnType<typeof readDialects>

/** Reads a command line (without `node` and the file). Throws `bad-config`, whose message has the remedy. */
export function commandOf(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  const traefik = traefikWords(argv, env)
  const { words, flags: asked } = parseFlags(traefik.rest, everyFlag)
  const [first, second, third] = words
  if (asked.has('version')) return { kind: 'version' }
  if (first === 'help')
    return { kind: 'help', about: second === undefined ? undefined : named(second) }
  const name = first === undefined ? 'run' : named(first)
  if (asked.has('help')) return { kind: 'help', about: first === undefined ? undefined : name }
  const wanted = wordOf(name)
  const most = wanted === undefined ? 0 : wanted.split(' ').length
  const surplus = words[1 + most]
  if (surplus !== undefined) {
    const what = JSON.stringify(surplus)
    throw new PortolanError('bad-config', `portolan ${name} takes no ${what}: leave it out`)
  }
  if (words.length <= most && wanted?.startsWith('[') === false) {
    throw new PortolanError('bad-config', `portolan ${name} needs a word: write ${name} ${wanted}`)
  }
  return filled(name, [second, third], { ...flagSources(name, argv, traefik), env })
}

/** Only commands that take settings take Traefik's. */
function flagSources(
  name: CommandName,
  argv: readonly string[],
  traefik: TraefikWords,
): Pick<Sources, 'flags' | 'traefik'> {
  const { takes } = commands[name]
  const all = takes === 'settings' || takes === 'render' || takes === 'check'
  if (!all) return { flags: parseFlags(argv, flagsOf(name)).flags }
  return { flags: parseFlags(traefik.rest, flagsOf(name)).flags, traefik }
}

function named(text: string): CommandName {
  if (isCommandName(text)) return text
  const near = didYouMean(text, Object.keys(commands))
  throw new PortolanError(
    'bad-config',
    `there is no command ${JSON.stringify(text)}${near}; portolan --help lists them`,
  )
}

function filled(
  name: CommandName,
  [word = '', more = '']: readonly (string | undefined)[],
  sources: Sources,
): Command {
  switch (name) {
    case 'run':
      return { kind: name, config: readConfig(sources) }
    case 'render':
      return rendering(sources)
    case 'health':
    case 'leave':
      return { kind: name, admin: adminOf(sources) }
    case 'drain':
    case 'undrain':
      return { kind: name, admin: adminOf(sources), instance: word }
    case 'weight':
      return { kind: name, admin: adminOf(sources), instance: word, weight: more }
    case 'explain':
      return {
        kind: name,
        admin: adminOf(sources),
        what: word,
        method: sources.flags.get('method') ?? 'GET',
        json: isOn(sources, 'json'),
      }
    case 'check':
      return checking(word, sources)
    case 'convert':
      return { kind: name, file: word }
    case 'init':
      return { kind: name, name: word }
    case 'events':
      return { kind: name, admin: adminOf(sources), json: isOn(sources, 'json') }
    case 'nodes':
    case 'certificates':
    case 'files':
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
  const watch = sources.flags.get('watch')
  return { kind: 'render', config, noop, once: noop || isOn(sources, 'once'), watch }
}

function checking(word: string, sources: Sources): Command {
  const listed = sources.flags.get('file')?.split(',') ?? []
  const files = [...(word === '' ? [] : [word]), ...listed]
  const { env } = sources
  return { kind: 'check', files, dialects: readDialects(sources), env, json: isOn(sources, 'json') }
}

function isOn({ flags }: Sources, name: string): boolean {
  return flags.get(name) === 'true'
}

function adminOf(sources: Sources): AdminAt {
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

function kindOf({ name, value, many }: Switch): [string, FlagKind] {
  if (value === undefined) return [name, 'switch']
  return [name, many ? 'many' : 'value']
}

const everyFlag: FlagKinds = new Map([
  ...settingKinds,
  ...Object.values(switches).flatMap((list) => list.map(kindOf)),
  ...always,
])

function flagsOf(command: CommandName): FlagKinds {
  const own = switches[commands[command].takes].map(kindOf)
  const settings = settingsOf(command)
  const taken = settingKinds.filter(([name]) => settings?.includes(name) ?? true)
  return new Map([...taken, ...own, ...always])
}
