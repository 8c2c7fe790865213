/** Up to `most` values, of which those go first that were not asked for longest. */
export function recent<K, V>(most: number) {
  const values = new Map<K, V>()

  return {
    get(key: K): V | undefined {
      const value = values.get(key)
      if (value !== undefined) {
        values.delete(key)
        values.set(key, value)
      }
      return value
    },
    set(key: K, value: V): void {
      values.delete(key)
      values.set(key, value)
      const [oldest] = values.keys()
      if (values.size > most && oldest !== undefined) values.delete(oldest)
    },
  }
}
