import type { Certificate } from '../core/certificate.ts'
import type { Problem } from '../core/problems.ts'

/** Where certificates come from. */
export type Source = {
  certificates(): readonly Certificate[]
  problems(): readonly Problem[]
  /** Looks for the first time, before it runs. */
  load(): Promise<void>
  /** Calls `onChange` when either may be other ones, and once after the first look. Ends with `signal`. */
  run(onChange: () => void, signal: AbortSignal): Promise<void>
}
