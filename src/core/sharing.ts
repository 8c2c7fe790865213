/**
 * Gives of the values with the same text one, so that what thousands have takes the memory of one. No more than `most`
 * are known at a time: where all differ, nothing is saved and little lost.
 */
export function sharing<T>(most: number): (text: string, value: T) => T {
  const known = new Map<string, T>()
  return (text, value) => {
    const found = known.get(text)
    if (found !== undefined) return found
    if (known.size >= most) known.clear()
    known.set(text, value)
    return value
  }
}
