/** Somebody for whom bytes wait, because he, or his endpoint, does not keep up. */
export type Parker = {
  /** Lets go of them, and of the connection. They count no more. */
  giveUp(): void
  /** Called now and then while they wait: looks whether who they come from is still there, if nobody else does. */
  look?(): void
}

/**
 * All bytes that wait in one worker: written to who does not take them, or kept for another try. Each connection has a
 * limit of its own; this is the one on all of them. Where it is reached, who has waited longest for his bytes to go is
 * given up; when there is nobody of the kind, no more bodies are kept.
 */
export class Parked {
  bytes = 0
  /** How many were given up, or refused. */
  lost = 0
  private readonly limit: number
  /** In the order in which they began to wait. */
  private readonly waiting = new Map<Parker, number>()

  /** `limit`: in bytes. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** So many bytes wait for `who` now. He may be given up at once. */
  wait(who: Parker, bytes: number): void {
    this.bytes += bytes - (this.waiting.get(who) ?? 0)
    this.waiting.set(who, bytes)
    while (this.bytes > this.limit && this.giveUpOldest());
  }

  /** Nothing waits for `who` any more. */
  gone(who: Parker): void {
    const bytes = this.waiting.get(who)
    if (bytes === undefined) return
    this.waiting.delete(who)
    this.bytes -= bytes
  }

  /** Whether so many more bytes may be kept until `release`. */
  hold(bytes: number): boolean {
    while (this.bytes + bytes > this.limit && this.giveUpOldest());
    const may = this.bytes + bytes <= this.limit
    if (may) this.bytes += bytes
    else this.lost++
    return may
  }

  release(bytes: number): void {
    this.bytes -= bytes
  }

  /** To be called now and then. */
  look(): void {
    for (const who of this.waiting.keys()) who.look?.()
  }

  private giveUpOldest(): boolean {
    for (const who of this.waiting.keys()) {
      this.gone(who)
      this.lost++
      who.giveUp()
      return true
    }
    return false
  }
}
