import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { refused, sendRaw, timedOut } from './answers.ts'
import type { Attempt, Outcome } from './engine.ts'
import type { Exchange } from './exchange.ts'

/** One request to leave HTTP, and what comes of it: a tunnel, or a plain answer after which the connection ends. */
export function upgradeExchange(
  client: Duplex,
  attempt: Attempt,
  opened: (server: Duplex) => void,
): Exchange {
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>()
  let status = 0
  let late = false
  let failure: unknown
  client.once('close', () => resolve(ended(status, failure, late)))

  function cleaned(answer: IncomingMessage, connection: Record<string, string>): void {
    status = answer.statusCode ?? 502
    answer.headers = { ...attempt.answerHeaders(answer.headers), ...connection }
  }

  return {
    headers: { ...attempt.headers, connection: 'Upgrade', upgrade: 'websocket' },
    outcome,
    onSocket() {},
    onAnswer() {},
    onError(error) {
      failure = error
      // the package closes the client's connection after this
      if (status === 0 && client.writable) sendRaw(client, late ? timedOut : refused)
    },
    onUpgrade(outgoing: ClientRequest) {
      attempt.connected()
      const timer = setTimeout(() => {
        late = true
        outgoing.destroy()
      }, attempt.firstByteMs)
      outgoing.once('close', () => clearTimeout(timer))
      outgoing.on('upgrade', (answer, server) => {
        clearTimeout(timer)
        cleaned(answer, { connection: 'Upgrade', upgrade: 'websocket' })
        opened(server)
      })
      outgoing.on('response', (answer) => {
        clearTimeout(timer)
        cleaned(answer, { connection: 'close' })
        // without this the client would wait for the rest of an answer that broke off
        answer.once('error', () => client.destroy())
      })
    },
  }
}

function ended(status: number, error: unknown, late: boolean): Outcome {
  if (status > 0 || error === undefined)
    return status > 0 ? { kind: 'done', status } : { kind: 'gone' }
  return { kind: 'failed', stage: 'sent', reused: false, timedOut: late, error }
}
