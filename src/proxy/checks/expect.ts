/** Whether `status` is one of `200`, `2xx` or `200-399`. */
export function isExpected(status: number, expected: readonly string[]): boolean {
  return expected.some((text) => {
    const [, hundreds] = /^([1-5])xx$/i.exec(text) ?? []
    if (hundreds !== undefined) return Math.floor(status / 100) === Number(hundreds)
    const [low = NaN, high = low] = text.split('-').map(Number)
    return status >= low && status <= high
  })
}
