import { http } from '../../core/node-http.ts'
import { now } from './date.ts'

/** An answer of our own. */
export type Answer = {
  readonly status: number
  /** One sentence for people; never has anything in it that another tenant could have written. */
  readonly why: string
  readonly retryAfterSeconds?: number
  readonly location?: string
}

export const unknownHost: Answer = { status: 404, why: 'No service has this address.' }
export const notYet: Answer = {
  status: 503,
  why: 'The services are not known yet. Try again in a moment.',
  retryAfterSeconds: 1,
}
export const nobodyReady: Answer = {
  status: 503,
  why: 'The service is not ready. Try again in a moment.',
  retryAfterSeconds: 5,
}
export const overfull: Answer = {
  status: 503,
  why: 'Too much is waiting here. Try again in a moment.',
  retryAfterSeconds: 1,
}
export const closedRoute: Answer = { status: 503, why: 'The route is closed by its configuration.' }
export const refused: Answer = { status: 502, why: 'The service did not answer.' }
export const noWebSockets: Answer = {
  status: 502,
  why: 'The service does not speak HTTP/1.1, by which WebSockets go.',
}
export const timedOut: Answer = { status: 504, why: 'The service took too long.' }
export const otherHost: Answer = { status: 421, why: 'This connection is for another host.' }
export const loop: Answer = { status: 508, why: 'The request came back to where it had been.' }

/** What is asked for cannot be done, or not be understood. */
export function badRequest(status: number, why: string): Answer {
  return { status, why: `Bad request: ${why}.` }
}

/** The same place under `https`: 301, or for what is no GET 308, which keeps the method (RFC 9110, 15.4). */
export function movedTo(location: string, method: string): Answer {
  const isPlain = method === 'GET' || method === 'HEAD'
  return { status: isPlain ? 301 : 308, why: 'It is at another address.', location }
}

/** `answer` as it is sent: JSON or a small page, as `accept` says, with the headers in `added`. */
export function textOf(answer: Answer, accept: string, added: string, isHead: boolean): string {
  const { type, body } = bodyOf(answer, accept)
  const retry =
    answer.retryAfterSeconds === undefined ? '' : `retry-after: ${answer.retryAfterSeconds}\r\n`
  const location = answer.location === undefined ? '' : `location: ${answer.location}\r\n`
  return (
    `HTTP/1.1 ${answer.status} ${nameOf(answer)}\r\ndate: ${now()}\r\n` +
    `content-type: ${type}\r\ncontent-length: ${body.length}\r\ncache-control: no-store\r\n` +
    `x-content-type-options: nosniff\r\n${retry}${location}${added}\r\n${isHead ? '' : body}`
  )
}

/** JSON or a small page, as `accept` says. */
export function bodyOf(
  answer: Answer,
  accept: string,
): { readonly type: string; readonly body: string } {
  const isPage = /\btext\/html\b/.test(accept)
  if (isPage) return { type: 'text/html; charset=utf-8', body: pageOf(answer) }
  return { type: 'application/json', body: jsonOf(answer) }
}

function nameOf({ status }: Answer): string {
  return http.STATUS_CODES[status] ?? 'Error'
}

/** `answer` as a body. */
function jsonOf(answer: Answer): string {
  return `${JSON.stringify({ status: answer.status, error: nameOf(answer), message: answer.why })}\n`
}

function pageOf(answer: Answer): string {
  const title = `${answer.status} ${nameOf(answer)}`
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1rem }
h1 { font-size: 1.5rem }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } }
</style>
<h1>${title}</h1>
<p>${answer.why}</p>
</html>
`
}
