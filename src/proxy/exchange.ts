import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { PassThrough } from 'node:stream'

import { errnoOf } from '../core/errors.ts'
import type { Attempt, Outcome } from './engine.ts'
import type { Headers } from './headers.ts'

/** What the engine's events mean for one attempt. */
export type Exchange = {
  readonly headers: Headers
  readonly outcome: Promise<Outcome>
  readonly onSocket: (outgoing: ClientRequest, socket: Socket) => void
  readonly onAnswer: (answer: IncomingMessage) => void
  readonly onUpgrade: (outgoing: ClientRequest) => void
  readonly onError: (error: unknown) => void
}

/** One request and its answer; `body` is where the request's body goes once there is a connection. */
export function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  attempt: Attempt,
  body: PassThrough | undefined,
): Exchange {
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>()
  const timer = limits(attempt)
  let stage: 'connect' | 'sent' | 'answer' = 'connect'
  let reused = false
  void outcome.then(() => timer.stop())
  const onError = (error: unknown) => {
    if (stage === 'answer') response.destroy()
    const timedOut = timer.fired() || /^E(CONNECT_)?TIME(D)?OUT$/.test(errnoOf(error) ?? '')
    resolve({ kind: 'failed', stage, reused, timedOut, error })
  }
  const connected = () => {
    stage = 'sent'
    attempt.connected()
    if (body) request.pipe(body)
  }
  response.once('close', () => resolve(endOf(response)))

  return {
    headers: framed(request, attempt),
    outcome,
    onError,
    onSocket(outgoing, socket) {
      reused = outgoing.reusedSocket
      timer.watch(outgoing, socket)
      passHints(outgoing, response)
      // an answer that nobody can read, such as 101 to what was no upgrade, ends without an error
      outgoing.once('close', () => {
        if (stage !== 'answer') onError(new Error('the connection ended without an answer'))
      })
      if (socket.connecting) socket.once('connect', connected)
      else connected()
    },
    onAnswer(answer) {
      try {
        answered(request, response, answer, attempt)
      } catch (error) {
        answer.destroy()
        return onError(error)
      }
      stage = 'answer'
      timer.answered(answer)
      answer.once('error', onError)
      answer.pipe(response)
    },
    onUpgrade() {},
  }
}

function endOf({ writableFinished, statusCode }: ServerResponse): Outcome {
  return writableFinished ? { kind: 'done', status: statusCode } : { kind: 'gone' }
}

/** Of the interim answers only early hints tell the client something. */
function passHints(outgoing: ClientRequest, response: ServerResponse): void {
  outgoing.on('information', ({ statusCode, rawHeaders }) => {
    const link = rawHeaders.filter(
      (_, at) => rawHeaders[at - 1]?.toLowerCase() === 'link' && at % 2,
    )
    if (statusCode !== 103 || link.length === 0) return
    try {
      response.writeEarlyHints({ link })
    } catch {
      // a link in a form that Node does not take: the answer comes without hints
    }
  })
}

function answered(
  request: IncomingMessage,
  response: ServerResponse,
  answer: IncomingMessage,
  attempt: Attempt,
): void {
  const headers = attempt.answerHeaders(answer.headers)
  // the rest of a body that nobody read can not be told from a next request
  if (!request.complete) response.shouldKeepAlive = false
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers)
  if (headers['content-length'] === undefined) response.flushHeaders()
}

/** The framing is ours: a length that was counted, or chunks. */
function framed({ headers }: IncomingMessage, attempt: Attempt): Headers {
  const chunked = headers['transfer-encoding'] !== undefined
  return chunked ? { ...attempt.headers, 'transfer-encoding': 'chunked' } : attempt.headers
}

/** Time limits of one attempt: first byte, then idle time. */
function limits({ firstByteMs, idleMs }: Attempt) {
  let timer: NodeJS.Timeout | undefined
  let fired = false
  let stop = () => {}

  return {
    fired: () => fired,
    stop() {
      clearTimeout(timer)
      stop()
    },
    watch(outgoing: ClientRequest, socket: Socket) {
      const expire = () => {
        fired = true
        outgoing.destroy()
      }
      outgoing.once('finish', () => {
        clearTimeout(timer)
        timer = setTimeout(expire, firstByteMs)
      })
      stop = () => socket.off('timeout', expire)
      socket.on('timeout', expire)
      // an agent's own limit for idle connections is not meant for work
      socket.setTimeout(0)
    },
    answered(answer: IncomingMessage) {
      const { headers, socket } = answer
      clearTimeout(timer)
      // from then on the connection may be another request's
      answer.once('end', () => stop())
      const endless = headers['content-type']?.startsWith('text/event-stream') ?? false
      if (!endless) socket.setTimeout(idleMs)
    },
  }
}
