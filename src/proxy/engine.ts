import type { Agent, IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Headers } from './headers.ts'
import type { Target } from './route.ts'

/** One try to have one endpoint answer one request. Everything has been decided but what the endpoint says. */
export type Attempt = {
  readonly target: Target
  /** Where its connection comes from. */
  readonly agent: Agent
  /** Path and query. */
  readonly path: string
  /** Without framing; Host among them. */
  readonly headers: Headers
  readonly hasBody: boolean
  readonly firstByteMs: number
  /** Between two pieces of an answer that is no event stream. */
  readonly idleMs: number
  /** What the client gets of the endpoint's headers. */
  answerHeaders(headers: IncomingHttpHeaders): Headers
  /** The connection is there, and the body, if there is one, will be read now. */
  connected(): void
}

/**
 * How a try ended. `connect`: no byte was sent, nothing of the body was read. `sent`: no byte of the answer came; if
 * `reused`, over a kept connection that the endpoint may have closed at the same moment. `answer`: it broke off in the
 * middle, and the client's connection has been cut so that nobody takes it for whole.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly status: number }
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed'
      readonly stage: 'connect' | 'sent' | 'answer'
      readonly reused: boolean
      readonly timedOut: boolean
      readonly error: unknown
    }

/** What moves bytes. Resolves when the last one is written; never rejects; touches the client only from `answer` on. */
export type Forward = {
  request(request: IncomingMessage, response: ServerResponse, attempt: Attempt): Promise<Outcome>
  /**
   * Resolves when both sides are closed. The agent's connection must be there already. `opened` is called with the
   * endpoint's side once it has agreed.
   */
  upgrade(
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
    attempt: Attempt,
    opened: (server: Duplex) => void,
  ): Promise<Outcome>
}
