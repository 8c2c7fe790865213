import type { AccessLog } from '../access/access-log.ts'
import { boxBuffers, bulkBuffers, readBuffers } from '../buffers.ts'
import { AnswerHead } from '../http1/answer-head.ts'
import { ClientStreams } from '../http1/client-streams.ts'
import type { ClientTimes } from '../http1/limits.ts'
import { RequestHead } from '../http1/request-head.ts'
import { Sender } from '../http1/sender.ts'
import { EndpointSessions } from '../http2/endpoint-sessions.ts'
import type { Tables } from '../table/tables.ts'
import type { Room } from '../tcp/flow.ts'
import type { Trust } from '../trust.ts'
import type { Chooser } from '../worker/choose.ts'
import type { Counting } from '../worker/counting.ts'
import type { Upstreams } from '../worker/upstreams.ts'
import type { RetryBudget } from './budget.ts'
import { Copies } from './copies.ts'
import type { HoldQueue } from './hold.ts'
import { RequestIds } from './ids.ts'
import { closeOld } from './kept.ts'
import { Parked } from './parked.ts'

/** What an engine is given; the rest it makes itself. */
export type EngineOptions = Pick<
  Engine,
  | 'tables'
  | 'upstreams'
  | 'chooser'
  | 'budget'
  | 'hold'
  | 'counts'
  | 'trust'
  | 'via'
  | 'holdMs'
  | 'firstByteMs'
  | 'idleMs'
  | 'secured'
  | 'clientTimes'
  | 'access'
> & {
  /** What may wait in this worker for who does not keep up. */
  readonly bufferBytes: number
}

/** How often time limits are looked at: they are that much longer at most. */
const tickMs = 200
/** How often it is looked who of those that are held up is still there. */
const lookTicks = 5

/** What all exchanges of one worker share. */
export class Engine {
  readonly tables: Tables
  readonly upstreams: Upstreams
  readonly chooser: Chooser
  readonly budget: RetryBudget
  readonly hold: HoldQueue
  readonly counts: Counting
  readonly trust: Trust
  /** What we are called in Via, unique to this process. */
  readonly via: string
  readonly holdMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  /** `https://host`, if that is served here. */
  readonly secured: (host: string) => string | undefined
  readonly clientTimes: ClientTimes
  /** Undefined: there is none. */
  readonly access: AccessLog | undefined
  readonly buffers = bulkBuffers()
  /** For bytes of tunnels. */
  readonly room: Room
  readonly requestHead = new RequestHead()
  /** What clients send is read into it, wherever it can be; nothing in it outlasts the read. */
  readonly shared = Buffer.allocUnsafeSlow(64 * 1024)
  /**
   * The same for what endpoints send. Most answers fit in, and are copied from there: memory that no cache holds, which
   * a buffer for each connection is, costs more than the copy.
   */
  readonly first = Buffer.allocUnsafeSlow(this.buffers.size)
  readonly answerHead = new AnswerHead()
  readonly sender = new Sender(this.buffers, boxBuffers(), this.first)
  readonly ids = new RequestIds()
  readonly parked: Parked
  readonly copies: Copies
  readonly endpointSessions: EndpointSessions
  readonly clientStreams = new ClientStreams()
  /** Monotonic, as of the last tick. */
  nowMs = performance.now()
  /** The same of the tick before that. */
  beforeMs = 0
  /** Answers say that their connection ends. */
  isEnding = false
  private ticks = 0
  private timer: NodeJS.Timeout | undefined

  constructor(options: EngineOptions) {
    this.tables = options.tables
    this.upstreams = options.upstreams
    this.chooser = options.chooser
    this.budget = options.budget
    this.hold = options.hold
    this.counts = options.counts
    this.trust = options.trust
    this.via = options.via
    this.holdMs = options.holdMs
    this.firstByteMs = options.firstByteMs
    this.idleMs = options.idleMs
    this.secured = options.secured
    this.access = options.access
    this.parked = new Parked(options.bufferBytes)
    this.room = { buffers: readBuffers(), parked: this.parked }
    this.endpointSessions = new EndpointSessions(this.parked)
    this.copies = new Copies(options.counts, this)
    this.clientTimes = options.clientTimes
    this.timer = undefined
  }

  /** Begins to watch time limits. */
  start(): void {
    this.timer ??= setInterval(() => this.tick(), tickMs)
  }

  /** Closes what is kept. */
  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    this.endpointSessions.close()
    this.copies.stop()
    for (const { idle } of this.upstreams.all()) {
      for (const connection of idle.splice(0)) connection.destroy()
    }
  }

  private tick(): void {
    const nowMs = performance.now()
    this.beforeMs = this.nowMs
    this.nowMs = nowMs
    this.clientStreams.tick(nowMs)
    for (const upstream of this.upstreams.all()) closeOld(upstream, nowMs)
    this.copies.tick(nowMs)
    if (++this.ticks % lookTicks === 0) this.parked.look()
    this.counts.parked(this.parked.bytes, this.parked.lost)
  }
}
