/**
 * The number that Go's `strconv.ParseUint(text, 0, 32)` reads, which confd uses: `0644` and `0o644` are octal,
 * `0x1a4` hexadecimal, `644` decimal. Undefined for anything else and for more than 07777.
 */
export function parseMode(text: string): number | undefined {
  const digits = text.toLowerCase().replaceAll(/(?<=[0-9a-z])_(?=[0-9a-f])/g, '')
  const literal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
  if (!/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*)$/.test(literal)) return undefined
  const mode = Number(literal)
  return mode <= 0o7777 ? mode : undefined
}
