import { hashOf } from '../balance/digest.ts'
import { sharing } from '../worker/canary.ts'
import type { Lines } from './lines.ts'
import { LineStart } from './text.ts'
import type { AccessWish } from './wish.ts'

/** The access log of one worker. */
export class AccessLog {
  private readonly start = new LineStart()
  private readonly lines: Lines
  private readonly isWhole: boolean
  private readonly share: number
  private readonly sharing = sharing()

  constructor(wish: AccessWish, lines: Lines) {
    this.lines = lines
    this.isWhole = wish.kind === 'all'
    this.share = wish.kind === 'share' ? wish.share : 0
  }

  /** Whether a request is logged; the same for the same `id`, wherever it comes by. */
  wants(isFailure: boolean, id: string): boolean {
    if (this.isWhole || isFailure) return true
    return this.share > 0 && hashOf(id) < this.share * 2 ** 32
  }

  /** The same for connections, which have no id. */
  wantsAny(isFailure: boolean): boolean {
    return this.isWhole || isFailure || this.sharing(this.share)
  }

  /** `fields` of JSON, without braces. `beganMs`: since the epoch, whole. */
  add(beganMs: number, fields: string): void {
    this.lines.add(`${this.start.of(beganMs)}${fields}}\n`)
  }

  /** Resolves when all has been written, or after `limitMs`. */
  async end(limitMs: number): Promise<void> {
    await this.lines.end(limitMs)
  }
}
