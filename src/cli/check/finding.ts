import type { Problem } from '../../core/problems.ts'
import type { Place } from './document.ts'

/** A problem of a compose file, and where to look for it. */
export type Finding = Omit<Problem, 'where'> & Place & { readonly service: string }
