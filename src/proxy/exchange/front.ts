/** One entrypoint. */
export type Front = {
  readonly entrypoint: string
  /** Where its requests are counted. */
  readonly slot: number
  readonly scheme: 'http' | 'https'
}
