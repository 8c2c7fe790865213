/** What is asked; all but a POST may be asked of another replica while no byte of an answer has come. */
type Kind = 'GET' | 'POST' | 'poll' | 'events' | 'websocket'

/** One request, on the clock of `Date.now`. */
export type Asked = {
  readonly id: string
  readonly kind: Kind
  readonly service: string
  readonly connection: 'kept' | 'fresh'
  readonly fromMs: number
  toMs: number
  /** Which replica answered, as far as the answer says. */
  replica: string | undefined
  /** Status or errno, and what else is known. Undefined: it went well. */
  failure: string | undefined
}

/** Something that was done to the containers. */
type Operation = {
  readonly name: string
  readonly service: string
  readonly fromMs: number
  toMs: number
}

/** How one replica ended, or was paused. */
export type Ended = {
  readonly replica: string
  /** Nobody asked it to finish its work; or it was asked, and did not. */
  readonly how: 'finished' | 'killed' | 'deaf' | 'paused'
  /** When somebody wanted that. */
  readonly fromMs: number
  /** When its process was gone, as the engine says; or went on. */
  readonly atMs: number
}

/** All that happened in a trial. */
export type Ledger = {
  readonly failures: readonly Asked[]
  readonly operations: readonly Operation[]
  readonly ends: readonly Ended[]
  /** How many requests of each kind were made. */
  readonly counts: ReadonlyMap<Kind, number>
  /** Who saw and who acted on which POST, and when. */
  readonly seen: ReadonlyMap<string, readonly Sight[]>
  readonly acted: ReadonlyMap<string, readonly Sight[]>
  /** POSTs whose answer said that they were acted on. */
  readonly confirmed: ReadonlySet<string>
  readonly inFlight: () => Iterable<Asked>
  begin(kind: Kind, service: string, connection: Asked['connection']): Asked
  end(asked: Asked, failure?: string): void
  /** These should have been answered by now, and still wait. */
  stuck(waiting: readonly Asked[]): void
  operation(name: string, service: string): Operation
  ended(end: Ended): void
  /** Takes in what a replica said. */
  read(replica: string, output: string): void
}

type Sight = { readonly replica: string; readonly atMs: number }

export function ledger(): Ledger {
  const failures: Asked[] = []
  const operations: Operation[] = []
  const ends: Ended[] = []
  const counts = new Map<Kind, number>()
  const sights = { seen: new Map<string, Sight[]>(), acted: new Map<string, Sight[]>() }
  const confirmed = new Set<string>()
  const inFlight = new Set<Asked>()
  let last = 0

  return {
    failures,
    operations,
    ends,
    counts,
    ...sights,
    confirmed,
    inFlight: () => inFlight,
    begin(kind, service, connection) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      const fromMs = Date.now()
      const none = { toMs: Infinity, replica: undefined, failure: undefined }
      const asked: Asked = { id: `${++last}`, kind, service, connection, fromMs, ...none }
      inFlight.add(asked)
      return asked
    },
    end(asked, failure) {
      inFlight.delete(asked)
      asked.toMs = Date.now()
      asked.failure = failure
      if (failure !== undefined) failures.push(asked)
      else if (asked.kind === 'POST') confirmed.add(asked.id)
    },
    stuck(waiting) {
      const toMs = Date.now()
      for (const asked of waiting) failures.push({ ...asked, toMs, failure: 'still no answer' })
    },
    operation(name, service) {
      const operation = { name, service, fromMs: Date.now(), toMs: Infinity }
      operations.push(operation)
      return operation
    },
    ended: (end) => void ends.push(end),
    read(replica, output) {
      for (const [, what, id = '', ms] of output.matchAll(/^(seen|acted) (\S+) (\d+)$/gm)) {
        const sight = { replica, atMs: Number(ms) }
        sights[what === 'seen' ? 'seen' : 'acted'].getOrInsertComputed(id, () => []).push(sight)
      }
    },
  }
}
