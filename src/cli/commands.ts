/** What the commands are called, in the order of the help. */
export const commands = {
  run: {
    does: 'watch Docker, route, register, render: everything (the default)',
    takes: 'settings',
  },
  services: { does: 'what runs, and how much of it is ready', takes: 'view' },
  routes: { does: 'which hosts and paths lead where', takes: 'view' },
  instances: { does: 'each copy of each service, with its address', takes: 'view' },
  problems: { does: 'what does not work as meant, and what to do', takes: 'view' },
  render: { does: 'only the config files of --confd', takes: 'render' },
  health: { does: 'exit code 0 if Portolan works, 1 if not (for HEALTHCHECK)', takes: 'admin' },
  leave: { does: "take this node's instances out of the store, and stop", takes: 'admin' },
} as const satisfies Readonly<Record<string, CommandWords>>

export type CommandName = keyof typeof commands
export type ViewName = {
  [K in CommandName]: (typeof commands)[K]['takes'] extends 'view' ? K : never
}[CommandName]

type CommandWords = {
  readonly does: string
  /** Which flags it takes. */
  readonly takes: 'settings' | 'render' | 'view' | 'admin'
}

export type Switch = { readonly name: string; readonly help: string }

/** The switches that are no settings, by what a command takes. */
export const switches: Readonly<Record<CommandWords['takes'], readonly Switch[]>> = {
  settings: [],
  render: [
    { name: 'once', help: 'render everything once, then exit; 1 if something failed' },
    { name: 'noop', help: 'change nothing: print what would change' },
  ],
  view: [{ name: 'json', help: 'print JSON' }],
  admin: [],
}

export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(commands, text)
}
