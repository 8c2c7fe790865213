import type { Log } from '../core/log.ts'
import { version } from '../version.ts'

export type Announcement = {
  readonly store: string
  readonly entrypoints: readonly {
    readonly name: string
    readonly scheme: string
    readonly port: number
  }[]
  /** Port of the admin server, if it is open. */
  readonly admin: number | undefined
  /** For people at a terminal; else the same as log lines. */
  readonly pretty: boolean
}

/** Says in a few lines where everything is. */
export function announce({ store, entrypoints, admin, pretty }: Announcement, log: Log): void {
  const at = (port: number, scheme = 'http') => `${scheme}://localhost:${port}`
  const places = [
    ...entrypoints.map(({ name, scheme, port }) => {
      return [`proxy (${name})`, at(port, scheme)] as const
    }),
    ...(admin === undefined ? [] : [['dashboard', at(admin)] as const]),
    ['help', 'portolan --help'] as const,
  ]
  if (!pretty) {
    log.info({ version, store, ...Object.fromEntries(places) }, 'Portolan is open')
    return
  }
  const lines = places.map(([name, place]) => `  ${name.padEnd(14)}${place}`)
  process.stdout.write(`\nPortolan ${version}, ${store} store\n${lines.join('\n')}\n\n`)
}
