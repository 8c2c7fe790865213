/** What the commands are called, in the order of the help. */
export const commands = {
  run: {
    does: 'watch Docker, route, register, render: everything (the default)',
    takes: 'settings',
  },
  services: { does: 'what runs, and how much of it is ready', takes: 'view' },
  routes: { does: 'which hosts and paths lead where', takes: 'view' },
  instances: { does: 'each copy of each service, with its address', takes: 'view' },
  nodes: { does: 'the nodes that share the store', takes: 'view' },
  certificates: { does: 'which host names they are good for, and until when', takes: 'view' },
  files: { does: 'what is rendered from templates, and what stands against it', takes: 'view' },
  explain: {
    does: 'why a container is routed as it is, or what becomes of a request',
    takes: 'explain',
    word: 'CONTAINER|URL',
  },
  problems: { does: 'what does not work as meant, and what to do', takes: 'view' },
  check: {
    does: 'find what is wrong in the labels of a compose file, without an engine',
    takes: 'check',
    word: '[FILE]',
  },
  events: { does: 'what changes, as it changes, until interrupted', takes: 'events' },
  drain: {
    does: 'no new requests to an instance while others are ready',
    takes: 'admin',
    word: 'INSTANCE',
  },
  undrain: { does: 'take a drain back', takes: 'admin', word: 'INSTANCE' },
  weight: {
    does: 'a share of requests by weight, 0 to 1000; label: what its labels say',
    takes: 'admin',
    word: 'INSTANCE N|label',
  },
  render: { does: 'only the config files of --confd', takes: 'render' },
  convert: {
    does: 'turn a Go template of confd into nunjucks; 1 if something is left to do by hand',
    takes: 'convert',
    word: 'FILE',
  },
  init: {
    does: 'copy a template of the library into ./portolan; without a name, list them',
    takes: 'init',
    word: '[NAME]',
  },
  health: { does: 'exit code 0 if Portolan works, 1 if not (for HEALTHCHECK)', takes: 'admin' },
  leave: {
    does: "take this node's instances out of the store, until it starts again",
    takes: 'admin',
  },
} as const satisfies Readonly<Record<string, CommandWords>>

export type CommandName = keyof typeof commands
export type ViewName = {
  [K in CommandName]: (typeof commands)[K]['takes'] extends 'view' ? K : never
}[CommandName]

type CommandWords = {
  readonly does: string
  /** Which flags it takes. */
  readonly takes:
    | 'settings'
    | 'render'
    | 'view'
    | 'events'
    | 'explain'
    | 'check'
    | 'convert'
    | 'init'
    | 'admin'
  /** The words that it takes besides flags, in brackets if they may be left out. */
  readonly word?: string
}

/** A flag that is no setting; without `value` it is a switch. */
export type Switch = {
  readonly name: string
  readonly value?: string
  readonly many?: true
  readonly help: string
}

const json: Switch = { name: 'json', help: 'print JSON' }

/** The flags that are no settings, by what a command takes. */
export const switches: Readonly<Record<CommandWords['takes'], readonly Switch[]>> = {
  settings: [],
  render: [
    { name: 'once', help: 'render everything once, then exit; 1 if something failed' },
    { name: 'noop', help: 'change nothing: print what would change' },
    {
      name: 'watch',
      value: 'FILE',
      help: 'print what this template gives, again at each change of it; writes nothing',
    },
  ],
  view: [json],
  events: [{ name: 'json', help: 'print one line of JSON for each change' }],
  explain: [
    json,
    { name: 'method', value: 'METHOD', help: 'of the request that a URL stands for [GET]' },
  ],
  check: [
    json,
    {
      name: 'file',
      value: 'FILE',
      many: true,
      help: 'a compose file; several are laid over each other, as Compose does',
    },
  ],
  convert: [],
  init: [],
  admin: [],
}

/** Which settings a command takes; undefined for all of them. */
export function settingsOf(name: CommandName): readonly string[] | undefined {
  const { takes } = commands[name]
  if (takes === 'settings' || takes === 'render') return undefined
  if (takes === 'convert' || takes === 'init') return []
  return takes === 'check' ? ['domain', 'expose'] : ['admin', 'admin-token-file']
}

/** The words that a command takes besides flags; undefined for none. */
export function wordOf(name: CommandName): string | undefined {
  const words: CommandWords = commands[name]
  return words.word
}

export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(commands, text)
}
