/** The header lines of a message, in their order, with their names as they were written. */
export class HeaderLines {
  #lines: Line[]

  /** `pairs`: name, value, name, value, as node:http's `rawHeaders`. */
  constructor(pairs: readonly string[] = []) {
    this.#lines = []
    for (let at = 0; at + 1 < pairs.length; at += 2)
      this.append(pairs[at] ?? '', pairs[at + 1] ?? '')
  }

  /** All values of a header in one, as if it had been sent so (RFC 9110, 5.3). */
  get(name: string): string | undefined {
    const all = this.all(name)
    return all.length === 0 ? undefined : all.join(', ')
  }

  all(name: string): string[] {
    const key = name.toLowerCase()
    return this.#lines.filter((line) => line.key === key).map(({ value }) => value)
  }

  has(name: string): boolean {
    const key = name.toLowerCase()
    return this.#lines.some((line) => line.key === key)
  }

  /** One line instead of all of this name. */
  set(name: string, value: string): void {
    this.remove(name)
    this.append(name, value)
  }

  /** `name` has to be a token; what could end the line is taken out of `value`. */
  append(name: string, value: string): void {
    this.#lines.push({ key: name.toLowerCase(), name, value: lineValue(value) })
  }

  remove(name: string): void {
    const key = name.toLowerCase()
    this.removeIf((one) => one === key)
  }

  /** `unwanted` gets names in lower case. */
  removeIf(unwanted: (name: string) => boolean): void {
    this.#lines = this.#lines.filter(({ key }) => !unwanted(key))
  }

  /** Names in lower case, each once. */
  names(): Set<string> {
    return new Set(this.#lines.map(({ key }) => key))
  }

  /** As the constructor takes them. */
  pairs(): string[] {
    return this.#lines.flatMap(({ name, value }) => [name, value])
  }
}

type Line = { readonly key: string; readonly name: string; readonly value: string }

/** A name that can stand in a header: a token (RFC 9110, 5.6.2). */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text)
}

/** A text as a header's value, each character a byte: UTF-8 for what is not ASCII. */
export function headerValue(text: string): string {
  return /^[\t -~]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

const lineBreaking = /[^\t -~\u0080-\uffff]/g

function lineValue(text: string): string {
  return lineBreaking.test(text) ? text.replaceAll(lineBreaking, ' ') : text
}

/** Whether all of `text` can stand in a header. */
export function isHeaderValue(text: string): boolean {
  return lineValue(text) === text
}
