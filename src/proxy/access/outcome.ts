import type { Answer } from '../exchange/answers.ts'
import {
  closedRoute,
  loop,
  nobodyReady,
  notYet,
  otherHost,
  refused,
  timedOut,
  unknownHost,
} from '../exchange/answers.ts'
import type { OwnAnswer } from '../middleware/draft.ts'

/**
 * How a request went. `ok`: an endpoint's answer went to the client; `gone`: the client went before its end; `cut`: the
 * endpoint did; `timeout`, `refused`: no answer came in time, or none at all; `not ready`: nobody was there to be asked;
 * `unrouted`: no route has it; `closed`: its route is closed; `middleware`: one of the route's answered; `bad request`,
 * `misdirected` (421), `loop` (508): as they say.
 */
export type Outcome =
  | 'ok'
  | 'gone'
  | 'cut'
  | 'timeout'
  | 'refused'
  | 'not ready'
  | 'unrouted'
  | 'closed'
  | 'middleware'
  | 'bad request'
  | 'misdirected'
  | 'loop'

const byAnswer: ReadonlyMap<Answer | OwnAnswer, Outcome> = new Map([
  [unknownHost, 'unrouted'],
  [notYet, 'not ready'],
  [nobodyReady, 'not ready'],
  [closedRoute, 'closed'],
  [refused, 'refused'],
  [timedOut, 'timeout'],
  [otherHost, 'misdirected'],
  [loop, 'loop'],
])

/** What an answer of our own tells; `other` for those that were made for one request. */
export function outcomeOf(answer: Answer | OwnAnswer, other: Outcome): Outcome {
  return byAnswer.get(answer) ?? other
}

/** Whether nobody got what was asked for, and that was not the request's fault. */
export function isFailure(outcome: Outcome, status: number): boolean {
  if (status === 0 || status >= 499) return true
  return outcome === 'gone' || outcome === 'cut' || outcome === 'timeout'
}
