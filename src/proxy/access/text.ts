import { flat } from '../http1/bytes.ts'

/** All but visible ASCII that a string of JSON holds as it is. */
const unsafe = /[^ !#-[\]-~]/
/** JSON leaves these as they are, and terminals obey some of them. */
const untold = /[^ -~]/g

/**
 * `text` of a message, one character for each byte, as a string of JSON, in ASCII. Bytes that are no UTF-8
 * become U+FFFD. */
export function wireText(text: string): string {
  return unsafe.test(text) ? plainText(Buffer.from(text, 'latin1').toString()) : `"${text}"`
}

/** `text` as a string of JSON, in ASCII. */
export function plainText(text: string): string {
  return JSON.stringify(text).replace(untold, escaped)
}

function escaped(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const threeDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))
const thousandths = threeDigits.map((digits) => `.${digits}`)

/** Milliseconds with three digits. */
export function msText(ms: number): string {
  const micros = Math.round(ms * 1000)
  const whole = Math.floor(micros / 1000)
  return whole + (thousandths[micros - whole * 1000] ?? '')
}

/** An address and port, as they are written in a URL. */
export function placeText({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** The beginnings of lines, with their times as RFC 3339 has them; most are of the millisecond of the one before. */
export class LineStart {
  private second = 0
  private text = ''
  private ms = -1
  private whole = ''

  /** `ms`: since the epoch, whole. */
  of(ms: number): string {
    if (ms === this.ms) return this.whole
    const second = Math.floor(ms / 1000)
    if (second !== this.second) {
      this.second = second
      this.text = `{"log":"access","time":"${new Date(second * 1000).toISOString().slice(0, -4)}`
    }
    this.ms = ms
    this.whole = flat(`${this.text}${threeDigits[ms - second * 1000] ?? ''}Z",`)
    return this.whole
  }
}
