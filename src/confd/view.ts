/**
 * `waiting`: store or catalog have not been read yet; `unchanged`/`written`: the file is as it should be, found
 * so or made so at the last pass; `would-write`: a dry run; `failed`: the last good file stays.
 */
export type ResourceState = 'waiting' | 'unchanged' | 'written' | 'would-write' | 'failed'

/** One resource as people see it. */
export type ResourceView = {
  readonly name: string
  readonly src: string
  readonly dest: string
  readonly state: ResourceState
  /** RFC 3339; null before the first good render. */
  readonly lastRendered: string | null
  /** Of the last pass; null when it went well. */
  readonly lastError: string | null
  /** The end of what the last command said. */
  readonly output: string
}
