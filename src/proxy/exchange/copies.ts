import type { MirrorOutcome } from '../counters.ts'
import type { AnswerHead } from '../http1/answer-head.ts'
import type { AnswerTaker, Loss } from '../http1/answer-taker.ts'
import { type Shared, UpstreamConnection } from '../http1/upstream-connection.ts'
import type { Owner } from '../http2/endpoint-sessions.ts'
import type { Counting } from '../worker/counting.ts'
import type { Ending, Upstream } from '../worker/upstream.ts'
import { keptMs } from './kept.ts'
import type { Parked } from './parked.ts'
import { Pieces } from './pieces.ts'

/** Of a request's content; of one with more there is no copy. */
export const mostCopiedBytes = 64 * 1024

/** Copies on their way, from when their requests come: in all, and to one mirror. */
const most = 256
const mostEach = 64
const mostIdle = 16
/** From the copy's end to the end of its answer. */
const limitMs = 10_000

/** What copies share with all that their worker does. */
type Common = Shared & { readonly parked: Parked }

/** What is there of one mirror. */
type Mirror = { running: number; readonly idle: UpstreamConnection[] }

/**
 * Copies of requests to mirrors, whose answers are thrown away. They have connections of their own; a mirror that is slow
 * or away loses copies, and nothing else comes of it.
 */
export class Copies {
  private readonly counts: Counting
  private readonly shared: Common
  private readonly mirrors = new Map<Upstream, Mirror>()
  private readonly sent = new Set<Copy>()
  private running = 0

  constructor(counts: Counting, shared: Common) {
    this.counts = counts
    this.shared = shared
  }

  /** A copy for `upstream`, with `head`; undefined if there are too many. */
  begin(upstream: Upstream, head: string, owner: Owner | undefined): Copy | undefined {
    const mirror = this.mirrors.getOrInsertComputed(upstream, () => ({ running: 0, idle: [] }))
    if (this.running >= most || mirror.running >= mostEach) {
      this.counts.mirrored('dropped')
      return undefined
    }
    this.running++
    mirror.running++
    return new Copy(this, upstream, head, owner)
  }

  /** A connection to the mirror, kept or new; for an `owner` a new one. */
  connection(upstream: Upstream, owner: Owner | undefined): UpstreamConnection {
    const { idle } = this.mirrorOf(upstream)
    const kept = owner ? undefined : idle.pop()
    if (kept) return kept
    const onIdleEnd = (ended: UpstreamConnection) => {
      const at = idle.indexOf(ended)
      if (at >= 0) idle.splice(at, 1)
    }
    return new UpstreamConnection(upstream.target, this.shared, onIdleEnd, owner)
  }

  /** Whether there is room for so much more content of copies. */
  hold(bytes: number): boolean {
    return this.shared.parked.hold(bytes)
  }

  /** From now on its time counts. */
  watch(copy: Copy): void {
    this.sent.add(copy)
  }

  /** `connection`: may carry another copy. */
  ended(copy: Copy, outcome: MirrorOutcome, connection: UpstreamConnection | undefined): void {
    const { upstream } = copy
    const mirror = this.mirrorOf(upstream)
    this.running--
    mirror.running--
    this.sent.delete(copy)
    this.shared.parked.release(copy.heldBytes)
    this.counts.mirrored(outcome)
    if (!connection) return
    const isFree = connection.isKept && connection.owner === undefined
    const isKept = isFree && !upstream.retired && mirror.idle.length < mostIdle
    if (!isKept) return connection.destroy()
    connection.release(performance.now())
    mirror.idle.push(connection)
  }

  tooLarge(): void {
    this.counts.mirrored('too large')
  }

  tick(nowMs: number): void {
    for (const copy of this.sent) if (nowMs - copy.sentMs > limitMs) copy.late()
    for (const [upstream, { running, idle }] of this.mirrors) {
      const isOld = ({ usedMs }: UpstreamConnection) => upstream.retired || nowMs - usedMs > keptMs
      for (const old of idle.filter(isOld)) {
        idle.splice(idle.indexOf(old), 1)
        old.destroy()
      }
      if (running === 0 && idle.length === 0) this.mirrors.delete(upstream)
    }
  }

  stop(): void {
    for (const copy of this.sent) copy.late()
    for (const { idle } of this.mirrors.values()) for (const one of idle.splice(0)) one.destroy()
  }

  private mirrorOf(upstream: Upstream): Mirror {
    return this.mirrors.getOrInsertComputed(upstream, () => ({ running: 0, idle: [] }))
  }
}

/** The copy of one request. It is sent when all of the request's content is there. */
export class Copy implements AnswerTaker {
  /** A copy that is lost is lost. */
  readonly mustKnow = false
  readonly upstream: Upstream
  sentMs = 0
  private readonly copies: Copies
  private readonly head: string
  private readonly owner: Owner | undefined
  private readonly content = new Pieces()
  /** Of the content. */
  heldBytes = 0
  private status = 0
  private connection: UpstreamConnection | undefined

  constructor(copies: Copies, upstream: Upstream, head: string, owner: Owner | undefined) {
    this.copies = copies
    this.upstream = upstream
    this.head = head
    this.owner = owner
    this.connection = undefined
  }

  /** Takes some content; false if there is to be no copy. */
  add(piece: Buffer): boolean {
    const isSmall = this.heldBytes + piece.length <= mostCopiedBytes
    if (isSmall && this.copies.hold(piece.length)) {
      this.heldBytes += piece.length
      this.content.add(piece)
      return true
    }
    this.copies.ended(this, isSmall ? 'dropped' : 'too large', undefined)
    return false
  }

  /** The request is over before its end. */
  drop(): void {
    this.copies.ended(this, 'dropped', undefined)
  }

  send(): void {
    const connection = this.copies.connection(this.upstream, this.owner)
    this.sentMs = performance.now()
    this.copies.watch(this)
    this.connection = connection
    this.upstream.began()
    connection.begin(this, this.head.startsWith('HEAD ') ? 'no content' : 'content')
    if (connection.isConnected) this.write(connection)
  }

  /** Its time is over. */
  late(): void {
    this.connection?.fail('late')
  }

  onConnected(): void {
    this.upstream.reached()
    if (this.connection) this.write(this.connection)
  }

  onInterim(): boolean {
    return true
  }

  onAnswer({ status }: AnswerHead): void {
    this.status = status
  }

  onPiece(): boolean {
    return false
  }

  onAnswerEnd(): void {
    this.over('ok', this.status >= 500 ? 'status5xx' : 'ok', this.connection)
  }

  onLost(loss: Loss): void {
    const isConnect = this.connection?.isConnected === false
    const ending = isConnect ? 'connect' : loss === 'late' ? 'timeout' : 'reset'
    this.over(loss === 'late' ? 'late' : 'failed', ending, undefined)
  }

  /** No more than copies have heads. */
  onPartial(): void {}
  onRead(): void {}
  onSent(): void {}

  private write({ socket }: UpstreamConnection): void {
    socket.write(this.head, 'latin1')
    for (const piece of this.content.all()) socket.write(piece)
  }

  private over(
    outcome: MirrorOutcome,
    ending: Ending,
    connection: UpstreamConnection | undefined,
  ): void {
    this.connection = undefined
    this.upstream.ended(ending, performance.now() - this.sentMs)
    this.copies.ended(this, outcome, connection)
  }
}
