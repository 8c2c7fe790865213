import type { IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2'

import { type Answer, refused, timedOut } from '../exchange/answers.ts'
import type { Asked } from '../exchange/asked.ts'
import { draftOf, guardedText } from '../exchange/guard-request.ts'
import { ownDraft, wholeAnswer } from '../exchange/own-answer.ts'
import type { Chain } from '../middleware/chains.ts'
import { type OwnAnswer, refusal } from '../middleware/draft.ts'
import type { Run } from '../middleware/run.ts'
import type { Limits } from '../middleware/stage.ts'
import type { TableRoute, Target } from '../table/route.ts'
import { fieldsOf, linesOf } from './head-lines.ts'

/** What an exchange does when middlewares have decided. */
export type Guarded = {
  /** Goes on to an endpoint. */
  readonly pass: () => void
  readonly answer: (answer: OwnAnswer) => void
}

export type AnswerHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader

const broken = refusal(500, 'A middleware of the route failed.')
const noBody = () => Promise.resolve(undefined)

/** What middlewares do with one request that stays HTTP/2 on its whole way: with its heads, and by their limits. */
export class HeadGuard {
  limits: Limits = {}
  private readonly chain: Chain
  private readonly asked: Asked
  private readonly run: Run
  private readonly decided: Guarded
  private isIn = false
  private isOver = false
  private isFailure = false

  constructor(chain: Chain, asked: Asked, decided: Guarded, isOfCall: boolean) {
    this.chain = chain
    this.asked = asked
    this.decided = decided
    const draft = draftOf(asked, noBody)
    this.run = isOfCall ? chain.beginCall(draft) : chain.begin(draft)
  }

  /** Whether the request may go to an endpoint of a route with `chain`. */
  isThrough(chain: Chain): boolean {
    return this.isIn && this.chain === chain
  }

  /** Shows the request to the middlewares; then it goes on, or is answered. */
  async enter(): Promise<void> {
    let answer: OwnAnswer | undefined
    try {
      answer = await this.run.enter()
    } catch {
      // whatever a middleware fails at, nobody gets through
      answer = broken
    }
    if (this.isOver) return
    this.limits = this.run.limits()
    if (answer) return await this.answer(answer)
    this.isIn = true
    this.decided.pass()
  }

  /** The head for an endpoint. */
  textFor(route: TableRoute, target: Target, id: string): string {
    return guardedText(this.run.request, this.asked, route, target, id)
  }

  /** What becomes of the head of an endpoint's answer. */
  answered({ ':status': status = 502, ...headers }: AnswerHeaders): OutgoingHttpHeaders {
    const length = headers['content-length']
    const draft = { own: false, status, headers: linesOf(headers), length: undefined }
    void this.run.answered(draft, ownDraft)
    const fields = fieldsOf(draft.headers)
    if (length !== undefined) fields['content-length'] = length
    return { ':status': draft.status, ...fields }
  }

  /** An answer of our own, which the stages outside of who gives it see. */
  async answer(answer: Answer | OwnAnswer): Promise<void> {
    this.isFailure = answer === refused || answer === timedOut
    const whole = wholeAnswer(answer, 'application/json')
    const draft = ownDraft(whole)
    await this.run.answered(draft, ownDraft)
    if (!this.isOver) this.decided.answer({ ...whole, headers: draft.headers.pairs() })
  }

  /** The exchange has ended, with `status` or, if that is 0, because the client left. */
  done(status: number): void {
    if (this.isOver) return
    this.isOver = true
    this.run.done(status === 0 ? undefined : status, this.isFailure)
  }
}
