import { type Live, until } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem } from '../core/problems.ts'
import { untilSuccess } from '../core/retry.ts'
import type { Bound, Listener } from './listener.ts'
import { notOpen, withoutCertificate } from './tls/opening.ts'

export type OpeningsOptions = {
  readonly listeners: readonly Listener[]
  /** Whether somebody could be served by TLS. */
  readonly secured: Live<boolean>
  /** The folder that certificates are looked for in. */
  readonly certsFolder?: string | undefined
  /** Makes all workers listen there. Rejects `listen`. */
  readonly listen: (listeners: readonly Listener[]) => Promise<readonly Bound[]>
  /** Takes all that are open, whenever one more is. */
  readonly opened: (open: readonly Bound[], waiting: readonly string[]) => void
  /** Takes the whole list each time. */
  readonly report: (problems: readonly Problem[]) => void
  readonly log: Log
}

/** Which entrypoints are open. Those with TLS wait for something to serve, and stay open ever after. */
export function openings(options: OpeningsOptions) {
  const { listeners, secured, certsFolder, listen, opened, report, log } = options
  let open: readonly Bound[] = []
  let waiting: readonly Listener[] = []

  async function add(some: readonly Listener[]): Promise<void> {
    open = [...open, ...(await listen(some))]
    waiting = waiting.filter((one) => !some.includes(one))
    opened(
      open,
      waiting.map(({ entrypoint }) => entrypoint),
    )
  }

  return {
    /** Opens all that can be. Rejects `listen`. */
    async begin(): Promise<readonly Bound[]> {
      waiting = listeners.filter(({ kind }) => kind === 'https' && !secured.current)
      await add(listeners.filter((one) => !waiting.includes(one)))
      return open
    },
    now: () => open,
    /** Opens the others, unless `signal` aborts before they can be. */
    async follow(signal: AbortSignal): Promise<void> {
      if (waiting.length === 0) return
      const entrypoints = waiting.map(({ entrypoint }) => entrypoint)
      report(waiting.map((one) => withoutCertificate(one, certsFolder)))
      const refused = (error: unknown, retryInMs: number) => {
        report(waiting.map((one) => notOpen(one, error)))
        log.error({ err: error, entrypoints, retryInMs }, 'entrypoints are not open')
      }
      try {
        await until(secured, isTrue, signal)
        await untilSuccess(() => add(waiting), refused, signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      report([])
      log.info({ entrypoints }, 'entrypoints are open: TLS can be served')
    },
  }
}

function isTrue(value: boolean): value is true {
  return value
}
