import type { Certificate } from '../core/certificate.ts'
import { PortolanError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'

type Kept = {
  readonly good: Certificate | undefined
  readonly bad: { readonly where: string; readonly message: string } | undefined
}

/** The certificates of one source: for each name the last good one, and what is wrong with what came after it. */
export function keeper(now: () => number = Date.now) {
  const kept = new Map<string, Kept>()

  return {
    certificates: (): Certificate[] => [...kept.values()].flatMap(({ good }) => good ?? []),
    problems: (isSaid: (name: string) => boolean = () => true): Problem[] =>
      [...kept].flatMap(([name, { good, bad }]) =>
        bad && isSaid(name) ? [problemOf(bad, good)] : [],
      ),
    forget: (name: string) => kept.delete(name),
    /** Takes what `read` gives; what is bad, or has expired while the one before has not, changes nothing. */
    async take(name: string, where: string, read: () => Promise<Certificate | undefined>) {
      const good = kept.get(name)?.good
      try {
        const next = await read()
        if (!next) return void kept.delete(name)
        if (good && next.notAfterMs <= now() && good.notAfterMs > now()) {
          const message = 'it has expired, and the one before has not; put a new one there'
          kept.set(name, { good, bad: { where, message } })
        } else kept.set(name, { good: next, bad: undefined })
      } catch (error) {
        if (!(error instanceof PortolanError)) throw error
        kept.set(name, { good, bad: { where, message: error.message } })
      }
    },
  }
}

function problemOf(
  { where, message }: { readonly where: string; readonly message: string },
  good: Certificate | undefined,
): Problem {
  const [what = '', remedy = ''] = message.split('; ')
  return {
    severity: good ? 'warning' : 'error',
    where,
    what,
    why: good ? 'the last good one goes on being used' : 'it is not used',
    remedy,
  }
}
