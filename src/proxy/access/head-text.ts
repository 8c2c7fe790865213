import type { Asked } from '../exchange/asked.ts'
import { flat } from '../http1/bytes.ts'
import { wireText } from './text.ts'

/** Longer values are cut. */
const mostChars = 1024
/** A blank, the version and the end of the line. */
const versionChars = 11

/**
 * What the access log tells of the head of a request, as fields of JSON with a comma before each. Most requests of a
 * connection have the headers of the one before, which are not read again.
 */
export class HeadText {
  /** With the path, after which the version comes. */
  request = ''
  /** What the client says of itself. */
  client = ''
  private fields = ''
  private path = ''
  private pathText = ''
  private host = ''

  read(asked: Asked): void {
    const { text, fields } = asked
    const isOther = fields !== this.fields
    if (isOther) this.readFields(asked)
    const methodEnd = text.indexOf(' ')
    const path = text.slice(methodEnd + 1, text.length - fields.length - versionChars)
    if (isOther || path !== this.path) {
      this.path = path
      this.pathText = `"${this.host},"path":${wireText(path)}`
    }
    this.request = `,"method":"${text.slice(0, methodEnd)}${this.pathText}`
  }

  private readFields(asked: Asked): void {
    const field = (name: string, header: string) => {
      const value = asked.headers(header)[0]
      return value === undefined ? '' : `,"${name}":${wireText(value.slice(0, mostChars))}`
    }
    this.fields = asked.fields
    this.host = field('host', 'host')
    this.client = flat(`${field('userAgent', 'user-agent')}${field('referer', 'referer')}`)
  }
}
