import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

/** An answer of our own. */
export type Answer = {
  readonly status: number
  /** One sentence for people; never has anything in it that another tenant could have written. */
  readonly why: string
  readonly retryAfterSeconds?: number
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
export const closedRoute: Answer = { status: 503, why: 'The route is closed by its configuration.' }
export const refused: Answer = { status: 502, why: 'The service did not answer.' }
export const timedOut: Answer = { status: 504, why: 'The service took too long.' }
export const loop: Answer = { status: 508, why: 'The request came back to where it had been.' }

/** Sends `answer` as JSON or as a small page, whichever the client asks for, and ends the exchange. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  const json = !/\btext\/html\b/.test(request.headers.accept ?? '')
  const body = json ? jsonOf(answer) : pageOf(answer)
  response.statusCode = answer.status
  response.setHeader('content-type', json ? 'application/json' : 'text/html; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(body))
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  if (answer.retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', answer.retryAfterSeconds)
  }
  // the rest of a body that nobody read can not be told from a next request
  if (!request.complete) response.shouldKeepAlive = false
  request.resume()
  response.end(body)
}

/** The same for a connection that has left HTTP. */
export function sendRaw(socket: { end(text: string): unknown }, answer: Answer): void {
  const body = jsonOf(answer)
  const retry =
    answer.retryAfterSeconds === undefined ? '' : `retry-after: ${answer.retryAfterSeconds}\r\n`
  socket.end(
    `HTTP/1.1 ${answer.status} ${nameOf(answer)}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${retry}connection: close\r\n\r\n${body}`,
  )
}

function nameOf({ status }: Answer): string {
  return STATUS_CODES[status] ?? 'Error'
}

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
