import { z } from 'zod'

/** What an engine says of a network itself, whoever is on it. */
export type NetworkFacts = { readonly driver: string; readonly internal: boolean }

export type NetworkReader = {
  /** What is known of these networks, by id; the engine is asked when one of them is new. Rejects only when aborted. */
  of(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, NetworkFacts>>
}

/** So long nobody asks again after a failure: a proxy before the socket may refuse, a driver may hang. */
const pauseMs = 20_000

/**
 * Keeps what `list` (`GET /networks`) says: a network never changes its driver. Without an answer containers are read
 * all the same, only that their networks can't be told apart.
 */
export function networkReader(
  list: (signal: AbortSignal) => Promise<unknown>,
  clock: () => number = () => performance.now(),
): NetworkReader {
  const known = new Map<string, NetworkFacts>()
  let asking: Promise<void> | undefined
  let askFromMs = -Infinity

  async function ask(signal: AbortSignal): Promise<void> {
    try {
      for (const [id, facts] of factsIn(await list(signal))) known.set(id, facts)
    } catch {
      askFromMs = clock() + pauseMs
    } finally {
      asking = undefined
    }
  }

  return {
    async of(ids, signal) {
      const isNew = () => ids.some((id) => id !== '' && !known.has(id))
      // somebody's question that is under way may be older than the network
      for (let times = 0; times < 2 && isNew() && clock() >= askFromMs; times++) {
        await (asking ??= ask(signal))
      }
      signal.throwIfAborted()
      return known
    },
  }
}

const networks = z.array(
  z.object({
    Id: z.string(),
    Driver: z.string(),
    Internal: z.boolean().nullish(),
    Options: z.record(z.string(), z.string()).nullish(),
  }),
)

/** Reads the answer to `GET /networks`. Throws a ZodError for what no engine says. */
export function factsIn(json: unknown): Map<string, NetworkFacts> {
  return new Map(
    networks.parse(json).map(({ Id, Driver, Internal, Options }) => {
      const isClosed = Internal === true || isCutOff(Driver, Options ?? {})
      return [Id, { driver: Driver, internal: isClosed }]
    }),
  )
}

/** Without a parent Docker makes a dummy one that leads nowhere; and nobody has a route to what ipvlan routes by itself. */
function isCutOff(driver: string, options: Readonly<Record<string, string>>): boolean {
  if (driver !== 'macvlan' && driver !== 'ipvlan') return false
  return !options['parent'] || (options['ipvlan_mode'] ?? 'l2').startsWith('l3')
}
