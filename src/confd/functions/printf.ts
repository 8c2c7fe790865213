import { fault, shown } from './fault.ts'

/** Go's `fmt.Sprintf`: `%s %v %d %q %x %t %f %%`, with width, `-`, `0` and precision. */
export function format(pattern: string, ...values: readonly unknown[]): string {
  let at = 0
  return pattern.replaceAll(
    /%([-0+]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (whole, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      if (at >= values.length) throw fault(`printf: there is no value for ${whole}`)
      const text = converted(verb, values[at++], precision)
      if (Number(width) > 1000) throw fault(`printf: ${whole} is too wide`)
      if (flags.includes('-')) return text.padEnd(Number(width))
      const sign = flags.includes('0') && /^[-+]/.test(text) ? text.charAt(0) : ''
      const body = text.slice(sign.length)
      return sign + body.padStart(Number(width) - sign.length, flags.includes('0') ? '0' : ' ')
    },
  )
}

function converted(verb: string, value: unknown, precision: string | undefined): string {
  switch (verb) {
    case 's':
    case 'v': {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return verb === 's' && precision !== undefined ? text.slice(0, Number(precision)) : text
    }
    case 'd':
      return String(Math.trunc(numberOf(value)))
    case 'x':
      return typeof value === 'string'
        ? Buffer.from(value).toString('hex')
        : Math.trunc(numberOf(value)).toString(16)
    case 'f':
      return numberOf(value).toFixed(Number(precision ?? 6))
    case 'q':
      return JSON.stringify(String(value))
    case 't':
      return String(Boolean(value))
    default:
      throw fault(`printf: %${verb} is not known here; there are s v d q x t f`)
  }
}

function numberOf(value: unknown): number {
  const number = Number(value)
  if (Number.isFinite(number)) return number
  throw fault(`printf: ${shown(value)} is not a number`)
}
