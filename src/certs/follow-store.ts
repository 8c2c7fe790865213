import { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import type { Mirror } from '../store/mirror.ts'
import type { Entry } from '../store/store.ts'
import { keeper } from './keeper.ts'
import { readCertificate } from './read.ts'
import type { Source } from './source.ts'

/** The value of `<prefix>/certificates/<name>`: both PEM, `cert` with its chain. */
const storedSchema = z.object({ v: z.int().min(1), cert: z.string(), key: z.string() })

/** The certificates that stand in the store; until it has been read, those that were `saved` of it. */
export function storeSource(
  prefix: string,
  mirror: Pick<Mirror, 'entries' | 'follow'>,
  saved: ReadonlyMap<string, Entry> = new Map(),
): Source {
  const under = `${prefix}/certificates/`
  const kept = keeper()

  async function look(entries: ReadonlyMap<string, Entry>, keys: Iterable<string>): Promise<void> {
    for (const key of keys) {
      if (!key.startsWith(under)) continue
      const name = key.slice(under.length)
      const entry = entries.get(key)
      if (!entry) kept.forget(name)
      else await kept.take(name, `key ${key}`, async () => read(name, entry))
    }
  }

  return {
    certificates: kept.certificates,
    problems: () => kept.problems(),
    load: () => look(saved, saved.keys()),
    async run(onChange, signal) {
      let known: Iterable<string> = saved.keys()
      onChange()
      for await (const keys of mirror.follow(signal)) {
        await look(mirror.entries, new Set([...known, ...keys]))
        known = []
        onChange()
      }
    },
  }
}

/** Of a wrong value nothing is repeated: it may have the key in it. */
function read(name: string, { value }: Entry) {
  let pair: z.infer<typeof storedSchema>
  try {
    pair = storedSchema.parse(JSON.parse(value))
  } catch {
    const form = '{"v":1,"cert":"<PEM>","key":"<PEM>"}'
    throw new PortolanError('bad-value', `it is not of the form of a certificate; write ${form}`)
  }
  return readCertificate({ name, source: 'store' }, { chain: pair.cert, key: pair.key })
}
