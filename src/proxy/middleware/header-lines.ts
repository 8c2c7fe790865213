/** The header lines of a message, in their order, with their names as they were written. */
export class HeaderLines {
  /** Names in lower case, as written, and values: the same place in each is the same line. */
  private keys: string[] = []
  private names: string[] = []
  private values: string[] = []

  /** `pairs`: name, value, name, value, as node:http's `rawHeaders`. */
  constructor(pairs: readonly string[] = []) {
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      this.append(pairs[at] ?? '', pairs[at + 1] ?? '')
    }
  }

  /** The lines of a head that has been found to be right: `name: value`, each with its end. */
  static in(text: string): HeaderLines {
    const lines = new HeaderLines()
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\r\n', at)
      const colon = text.indexOf(':', at)
      if (end < 0 || colon < 0) break
      lines.put(text.slice(at, colon), text.slice(colon + 1, end).trim())
      at = end + 2
    }
    return lines
  }

  /** As it is written. */
  text(): string {
    const { names, values } = this
    let text = ''
    for (let at = 0; at < names.length; at++) text += `${names[at]}: ${values[at]}\r\n`
    return text
  }

  /** Those that `isWanted`, which gets names in lower case. */
  those(isWanted: (name: string) => boolean): HeaderLines {
    const { keys, names, values } = this
    const lines = new HeaderLines()
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] ?? ''
      if (!isWanted(key)) continue
      lines.keys.push(key)
      lines.names.push(names[at] ?? '')
      lines.values.push(values[at] ?? '')
    }
    return lines
  }

  /** All values of a header in one, as if it had been sent so (RFC 9110, 5.3). */
  get(name: string): string | undefined {
    const { keys, values } = this
    const key = name.toLowerCase()
    const first = keys.indexOf(key)
    if (first < 0) return undefined
    return keys.includes(key, first + 1) ? this.all(name).join(', ') : values[first]
  }

  all(name: string): string[] {
    const key = name.toLowerCase()
    return this.values.filter((_, at) => this.keys[at] === key)
  }

  has(name: string): boolean {
    return this.keys.includes(name.toLowerCase())
  }

  /** One line instead of all of this name. */
  set(name: string, value: string): void {
    this.remove(name)
    this.append(name, value)
  }

  /** `name` has to be a token; what could end the line is taken out of `value`. */
  append(name: string, value: string): void {
    this.put(name, lineValue(value))
  }

  remove(name: string): void {
    const key = name.toLowerCase()
    if (this.keys.includes(key)) this.removeIf((one) => one === key)
  }

  /** `unwanted` gets names in lower case. */
  removeIf(unwanted: (name: string) => boolean): void {
    const { keys, names, values } = this.those((name) => !unwanted(name))
    this.keys = keys
    this.names = names
    this.values = values
  }

  /** Names in lower case, each once. */
  distinct(): Set<string> {
    return new Set(this.keys)
  }

  /** As the constructor takes them. */
  pairs(): string[] {
    return this.names.flatMap((name, at) => [name, this.values[at] ?? ''])
  }

  private put(name: string, value: string): void {
    this.keys.push(name.toLowerCase())
    this.names.push(name)
    this.values.push(value)
  }
}

/** A name that can stand in a header: a token (RFC 9110, 5.6.2). */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text)
}

/** A text as a header's value, each character a byte: UTF-8 for what is not ASCII. */
export function headerValue(text: string): string {
  return /^[\t -~]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

const breaking = /[^\t -~\u0080-\uffff]/

function lineValue(text: string): string {
  return breaking.test(text) ? text.replaceAll(new RegExp(breaking, 'g'), ' ') : text
}

/** Whether all of `text` can stand in a header. */
export function isHeaderValue(text: string): boolean {
  return !breaking.test(text)
}
