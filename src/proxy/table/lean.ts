const none: readonly never[] = []

/** An equal list for keeping: one that has grown has room for 16 more, and most are empty. */
export function lean<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? none : [...list]
}
