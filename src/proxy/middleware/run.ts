import type { AnswerDraft, OwnAnswer, RequestDraft } from './draft.ts'
import type { Coder, Failure, Hooks, Limits, Stage, Step } from './stage.ts'

/** One request on its way through a chain. */
export class Run {
  readonly request: RequestDraft
  readonly #stages: readonly Stage[]
  readonly #nowMs: () => number
  /** Of the stages that it has passed, outermost first. */
  readonly #passed: { readonly hooks: Hooks; readonly sinceMs: number }[] = []
  #ended = false

  constructor(stages: readonly Stage[], request: RequestDraft, nowMs: () => number) {
    this.#stages = stages
    this.request = request
    this.#nowMs = nowMs
  }

  /** Lets all stages see the request: nothing when it may go on, else the answer instead. */
  enter(from = 0): OwnAnswer | undefined | Promise<OwnAnswer | undefined> {
    for (let at = from; at < this.#stages.length; at++) {
      const step = this.#stages[at]?.(this.request)
      if (step instanceof Promise) return this.#later(step, at + 1)
      const answer = this.#taken(step)
      if (answer) return answer
    }
    return undefined
  }

  async #later(step: Promise<Step>, next: number) {
    const answer = this.#taken(await step)
    // nobody is there any more for whom the others would have to do anything
    return answer || this.#ended ? answer : await this.enter(next)
  }

  #taken(step: Step): OwnAnswer | undefined {
    if (!step) return undefined
    if ('answer' in step) return step.answer
    if (this.#ended) step.hooks.done?.({ status: undefined, failed: false, tookMs: 0 })
    else this.#passed.push({ hooks: step.hooks, sinceMs: step.hooks.done ? this.#nowMs() : 0 })
    return undefined
  }

  /** What the stages together want to be kept to. */
  limits(): Limits {
    const all = this.#passed.flatMap(({ hooks }) => hooks.limits ?? [])
    const least = (name: keyof Limits) => edge(all, name, Math.min)
    return {
      connectMs: least('connectMs'),
      firstByteMs: least('firstByteMs'),
      idleMs: least('idleMs'),
      requestBytes: least('requestBytes'),
      responseBytes: least('responseBytes'),
      keptBytes: edge(all, 'keptBytes', Math.max),
    }
  }

  /** Milliseconds until the request is tried again after `failure`; undefined: no stage wants that. */
  again(failure: Failure): number | undefined {
    for (const { hooks } of this.#passed) {
      const waitMs = hooks.again?.(failure)
      if (waitMs !== undefined) return waitMs
    }
    return undefined
  }

  /**
   * Shows an answer's head to the stages, innermost first, which change it. If one has another answer to send instead,
   * that is what the stages outside of it see, and what comes back.
   */
  answered(
    answer: AnswerDraft,
    draftOf: (own: OwnAnswer) => AnswerDraft,
    from = this.#passed.length,
  ): OwnAnswer | undefined | Promise<OwnAnswer | undefined> {
    for (let at = from - 1; at >= 0; at--) {
      const hooks = this.#passed[at]?.hooks
      hooks?.answered?.(answer)
      const replaced = hooks?.replaced?.(answer)
      if (replaced instanceof Promise) {
        return replaced.then((own) =>
          own ? this.#replacedBy(own, draftOf, at) : this.answered(answer, draftOf, at),
        )
      }
      if (replaced) return this.#replacedBy(replaced, draftOf, at)
    }
    return undefined
  }

  /** What the stages outside of `at` make of another answer. */
  #replacedBy(
    own: OwnAnswer,
    draftOf: (own: OwnAnswer) => AnswerDraft,
    at: number,
  ): OwnAnswer | Promise<OwnAnswer | undefined> {
    const draft = draftOf(own)
    const whole = (again: OwnAnswer | undefined) =>
      again ?? { ...own, status: draft.status, headers: draft.headers.pairs() }
    const again = this.answered(draft, draftOf, at)
    return again instanceof Promise ? again.then(whole) : whole(again)
  }

  /** What the answer's body is put through, innermost first. Call it when `answered` has given nothing. */
  coders(answer: AnswerDraft): Coder[] {
    return this.#passed.toReversed().flatMap(({ hooks }) => hooks.coder?.(answer) ?? [])
  }

  /** The exchange is over; it may be said twice. */
  done(status: number | undefined, failed: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.request.over.end()
    for (const { hooks, sinceMs } of this.#passed) {
      hooks.done?.({ status, failed, tookMs: sinceMs === 0 ? 0 : this.#nowMs() - sinceMs })
    }
  }
}

function edge(
  all: readonly Limits[],
  name: keyof Limits,
  choose: (...values: number[]) => number,
): number | undefined {
  const values = all.flatMap((limits) => limits[name] ?? [])
  return values.length === 0 ? undefined : choose(...values)
}
