import type { AnswerHead } from '../http1/answer-head.ts'
import { field } from '../http1/names.ts'

const dropped = new Uint8Array(32)
for (const kind of [field.transferEncoding, field.connection, field.upgrade, field.hop]) {
  dropped[kind] = 1
}

const via = 'via: 1.1 portolan\r\n'
const viaAndEnd = `${via}\r\n`

/**
 * The head of an answer for the client: status, what goes through as it is, Via, and then `added`, in which the framing
 * stands, and the empty line. A length that is written as we would write it is left where it is if it `isLength`.
 */
export function answerText(
  head: AnswerHead,
  bytes: Buffer,
  isLength: boolean,
  added: string,
): string {
  const { start, fieldsStart } = head
  const text = bytes.latin1Slice(start, head.end - 2)
  let out = head.minor === 1 ? '' : `HTTP/1.1${text.slice(8, fieldsStart - start)}`
  let from = head.minor === 1 ? 0 : fieldsStart - start
  for (let at = 0; at < head.specials; at++) {
    const index = head.special[at] ?? 0
    const kind = head.kinds[index] ?? 0
    const goes = kind === field.contentLength ? !isLength : dropped[kind] === 1
    if (!goes) continue
    const line = head.lineStart(index) - start
    if (line > from) out += text.slice(from, line)
    from = head.lineStart(index + 1) - start
  }
  const rest = out + text.slice(from)
  return added === '' ? rest + viaAndEnd : `${rest}${via}${added}\r\n`
}
