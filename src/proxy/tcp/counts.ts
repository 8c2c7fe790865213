/**
 * How a connection went. `ok`: it was passed on until both sides had ended; `cut`: we ended it, because its endpoint
 * leaves or we do; `failed`: nobody took it; `unrouted`: no route has it; `denied`: it was not let in; `bad`: it began
 * with a PROXY header or a ClientHello that can't be read, or its handshake failed; `gone`: the client went before.
 */
export const outcomes = ['ok', 'cut', 'failed', 'unrouted', 'denied', 'bad', 'gone'] as const
export type Outcome = (typeof outcomes)[number]

/** Counts the connections of one entrypoint. Makes nothing that has to be collected. */
export type TcpCounts = {
  began(): void
  /** `slot`: the place of its service. */
  ended(slot: number, outcome: Outcome): void
  /** Bytes from clients, and to them. */
  readonly received: (bytes: number) => void
  readonly sent: (bytes: number) => void
}
