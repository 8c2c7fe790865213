import type { AnswerHead } from '../http1/answer-head.ts'
import { field } from '../http1/names.ts'

const dropped = new Uint8Array(32)
for (const kind of [
  field.contentLength,
  field.transferEncoding,
  field.connection,
  field.upgrade,
  field.hop,
]) {
  dropped[kind] = 1
}

/**
 * The head of an answer for the client: status, what goes through as it is, Via, and then `added`, in which the framing
 * stands, and the empty line.
 */
export function answerText(head: AnswerHead, bytes: Buffer, added: string): string {
  const { start, fieldsStart } = head
  const text = bytes.latin1Slice(start, head.end - 2)
  let out = head.minor === 1 ? '' : `HTTP/1.1${text.slice(8, fieldsStart - start)}`
  let from = head.minor === 1 ? 0 : fieldsStart - start
  for (let at = 0; at < head.specials; at++) {
    const index = head.special[at] ?? 0
    if (dropped[head.kinds[index] ?? 0] !== 1) continue
    const line = head.lineStart(index) - start
    if (line > from) out += text.slice(from, line)
    from = head.lineStart(index + 1) - start
  }
  return `${out}${text.slice(from)}via: 1.1 portolan\r\n${added}\r\n`
}
