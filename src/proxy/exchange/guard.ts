import { type AnswerHead, framing } from '../http1/answer-head.ts'
import type { Chain } from '../middleware/chains.ts'
import { type OwnAnswer, refusal } from '../middleware/draft.ts'
import type { Run } from '../middleware/run.ts'
import type { Failure, Limits } from '../middleware/stage.ts'
import type { TableRoute, Target } from '../table/route.ts'
import type { Ending, Upstream } from '../worker/upstream.ts'
import { type Answer, refused, timedOut } from './answers.ts'
import { ContentCount } from './content-count.ts'
import type { Exchange } from './exchange.ts'
import { answerDraft, changedHead } from './guard-answer.ts'
import { draftOf, guardedText } from './guard-request.ts'
import { ownDraft, wholeAnswer } from './own-answer.ts'
import { Pour } from './pour.ts'
import { WholeBody } from './whole-body.ts'

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
const broken = refusal(500, 'A middleware of the route failed.')
const tooLarge = refusal(413, 'The request is too large.')

/**
 * What middlewares do with one request: the exchange of a route that has some asks it at each step. A route without
 * never makes one.
 */
export class Guard {
  readonly body: WholeBody
  limits: Limits = {}
  /** Takes the content of the answer, if it does not go to the client as it comes. */
  pour: Pour | undefined
  private readonly chain: Chain
  private readonly run: Run
  private readonly exchange: Exchange
  private isIn = false
  private isOver = false
  private isChunked = false
  private isFailure = false
  private attempts = 0
  private readonly received = new ContentCount()
  private responded = new ContentCount()

  constructor(exchange: Exchange, chain: Chain) {
    this.exchange = exchange
    this.chain = chain
    this.body = new WholeBody(exchange)
    this.run = chain.begin(draftOf(exchange.asked, (most) => this.body.read(most)))
    this.pour = undefined
  }

  /** Whether the request may go to an endpoint of a route with `chain`. */
  isThrough(chain: Chain): boolean {
    return this.isIn && this.chain === chain
  }

  /** Shows the request to the middlewares; then it goes on, or is answered. */
  enter(): void {
    this.settle(
      () => this.run.enter(),
      (answer) => this.entered(answer),
    )
  }

  /** The head for an endpoint. */
  textFor(route: TableRoute, target: Target, id: string): string {
    this.attempts++
    return this.headFor(route, target, id)
  }

  /** The same for a copy, which is no attempt. */
  headFor(route: TableRoute, target: Target, id: string): string {
    return guardedText(this.run.request, this.exchange.asked, route, target, id)
  }

  /** Whether this content of the request may come; if not, it is over. */
  admits(bytes: Buffer, start: number, end: number): boolean {
    const { exchange } = this
    if (this.isIn && this.limits.requestBytes === undefined) return true
    this.received.add(bytes, start, end, exchange.asked.content === 'chunked')
    if (!this.isTooLarge()) return true
    if (exchange.answering.isUnseen) exchange.answer(tooLarge)
    else exchange.client.destroy()
    return false
  }

  /** Whether this content of the answer may come. */
  passes(bytes: Buffer, start: number, end: number): boolean {
    const { responseBytes } = this.limits
    if (responseBytes === undefined) return true
    const isChunked = this.isChunked && this.exchange.connection?.isUnwrapped !== true
    this.responded.add(bytes, start, end, isChunked)
    return this.responded.bytes <= responseBytes
  }

  /** No answer came of an attempt. True: there will be another one. */
  lost(upstream: Upstream, kind: Failure['kind']): boolean {
    return this.tries(upstream, kind, undefined)
  }

  /** The head of an endpoint's answer. */
  answered(head: AnswerHead, bytes: Buffer, ends: number): void {
    const { exchange, run } = this
    const { connection, upstream } = exchange
    this.isChunked = ends === framing.chunked
    this.responded = new ContentCount()
    if (!connection || !upstream || this.tries(upstream, 'status', head.status)) return
    const draft = answerDraft(head, bytes)
    const changed = changedHead(head, bytes, draft)
    const sticky = exchange.stickyText()
    const replaced = run.answered(draft, ownDraft)
    if (replaced && !(replaced instanceof Promise)) {
      exchange.ended(endingOf(head.status), performance.now())
      return exchange.sendOwn(replaced)
    }
    const coders = replaced || head.status === 101 ? [] : run.coders(draft)
    if (!replaced && coders.length === 0) {
      return exchange.answering.begin(head, bytes, ends, connection, sticky, changed())
    }
    connection.isUnwrapped = true
    const pour = new Pour(exchange, head, ends)
    this.pour = pour
    if (!replaced) return pour.flow(changed() + sticky, draft.length, coders)
    this.settle(
      () => replaced,
      (own) => {
        if (own) exchange.sendOwn(own)
        else pour.flow(changed() + sticky, draft.length, run.coders(draft))
      },
    )
  }

  /** An answer of our own, which the stages outside of who gives it see. */
  answer(answer: Answer | OwnAnswer): void {
    const { exchange, run } = this
    this.isFailure = answer === refused || answer === timedOut
    const whole = wholeAnswer(answer, exchange.asked.headers('accept').join())
    const draft = ownDraft(whole)
    this.settle(
      () => run.answered(draft, ownDraft),
      (other) => exchange.sendOwn(other ?? { ...whole, headers: draft.headers.pairs() }),
    )
  }

  /** The exchange has ended, with `status` or, if that is 0, because the client left. */
  done(status: number): void {
    if (this.isOver) return
    this.isOver = true
    this.pour?.destroy()
    this.run.done(status === 0 ? undefined : status, this.isFailure)
  }

  private entered(answer: OwnAnswer | undefined): void {
    const { exchange, run } = this
    this.limits = run.limits()
    if (answer) return exchange.answer(answer)
    // what came while the middlewares took their time
    if (this.isTooLarge()) return exchange.answer(tooLarge)
    exchange.sending.keep(this.limits.keptBytes ?? 0)
    this.isIn = true
    exchange.look(performance.now())
  }

  private isTooLarge(): boolean {
    return this.received.bytes > (this.limits.requestBytes ?? Infinity)
  }

  private tries(upstream: Upstream, kind: Failure['kind'], status: number | undefined): boolean {
    const { exchange, run, attempts } = this
    if (!exchange.sending.canRewind) return false
    const isIdempotent = idempotent.has(exchange.asked.verb)
    const waitMs = run.again({ attempt: attempts, kind, status, idempotent: isIdempotent })
    if (waitMs === undefined) return false
    if (status !== undefined) exchange.ended(endingOf(status), performance.now())
    exchange.repeat(upstream, waitMs)
    return true
  }

  /** Goes on with what comes of `ask`, at once or later, unless the exchange is over by then. */
  private settle<T>(ask: () => T | Promise<T>, next: (value: T) => void): void {
    let value: T | Promise<T>
    try {
      value = ask()
    } catch {
      return this.fail()
    }
    if (value instanceof Promise) void this.later(value, next)
    else next(value)
  }

  private async later<T>(promise: Promise<T>, next: (value: T) => void): Promise<void> {
    let value: T
    try {
      value = await promise
    } catch {
      return this.fail()
    }
    if (!this.isOver) next(value)
  }

  /** Whatever a middleware fails at, nobody gets through. */
  private fail(): void {
    if (!this.isOver) this.exchange.sendOwn(wholeAnswer(broken, ''))
  }
}

/** Whatever becomes of its answer. */
function endingOf(status: number): Ending {
  return status > 499 ? 'status5xx' : 'ok'
}

/** Has the middlewares of `chain` decide whether the request may go on. */
export function guardRequest(exchange: Exchange, chain: Chain): void {
  // those of the route that it had when it began
  exchange.guard?.done(0)
  const guard = new Guard(exchange, chain)
  exchange.guard = guard
  guard.enter()
}
