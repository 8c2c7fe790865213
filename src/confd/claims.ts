/** One resource, as long as it runs: compared by identity. */
export type Owner = { readonly name: string }

/** Which resource writes which file, so that no two write over each other. */
export type Claims = {
  /** Gives `dest` to `owner`, whoever had it. */
  take(dest: string, owner: Owner): void
  /** The name of another one that has `dest`. */
  otherOf(dest: string, owner: Owner): string | undefined
  drop(dest: string, owner: Owner): void
  /** Drops all that `owner` has. */
  release(owner: Owner): void
}

export function createClaims(): Claims {
  const owners = new Map<string, Owner>()
  const drop = (dest: string, owner: Owner) => {
    if (owners.get(dest) === owner) owners.delete(dest)
  }
  return {
    take(dest, owner) {
      owners.set(dest, owner)
    },
    otherOf(dest, owner) {
      const found = owners.get(dest)
      return found === undefined || found === owner ? undefined : found.name
    },
    drop,
    release(owner) {
      for (const dest of owners.keys()) drop(dest, owner)
    },
  }
}
