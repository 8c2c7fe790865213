/**
 * `waiting`: store or catalog have not been read yet; `unchanged`/`written`: the files are as they should be, found
 * so or made so at the last pass; `would-write`: a dry run; `failed`: the last good file stays.
 */
export type ResourceState = 'waiting' | 'unchanged' | 'written' | 'would-write' | 'failed'

/** The same of one file; those that nobody wants any more are removed. */
export type FileState = Exclude<ResourceState, 'waiting'> | 'removed' | 'would-remove'

/** One file of a resource. */
export type FileView = {
  readonly dest: string
  readonly state: FileState
  readonly error: string | null
}

/** One resource as people see it. Times are RFC 3339. */
export type ResourceView = {
  readonly name: string
  readonly src: string
  /** With `for_each` what it is made from. */
  readonly dest: string
  readonly state: ResourceState
  /** Null before the first good render. */
  readonly lastRendered: string | null
  /** When a file was written or removed last; null before this process has done that. */
  readonly lastPublished: string | null
  /** Of the last pass; null when it went well. */
  readonly lastError: string | null
  /** The end of what the last command said. */
  readonly output: string
  /** A reload that is due, and how often it has failed; null if there is none. */
  readonly reload: { readonly failures: number } | null
  /** When it is tried again by itself; null if only a change can help. */
  readonly nextTry: string | null
  /** Each file of `for_each`; null for a resource of one file. */
  readonly files: readonly FileView[] | null
}
