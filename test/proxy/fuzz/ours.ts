import { Duplex } from 'node:stream'

import { Asked } from '../../../src/proxy/exchange/asked.ts'
import { ClientConnection, type ClientOwner } from '../../../src/proxy/http1/client-connection.ts'
import type { RequestHead } from '../../../src/proxy/http1/request-head.ts'
import type { RequestTaker } from '../../../src/proxy/http1/request-taker.ts'
import { routeTable } from '../../../src/proxy/table/table.ts'
import { catalogOf, instance, vantage } from '../bed.ts'
import { ownerOf } from '../http1/owner.ts'
import { origin } from '../origin.ts'

/** A request as we read it, and as an endpoint would get it. */
export type Taken = {
  readonly method: string
  readonly target: string
  /** The path and query that go on. */
  readonly forwarded: string
  /** The head and the content that go on. */
  passed: string
  isComplete: boolean
  readonly isUpgrade: boolean
}

/** The requests that we take, until one is refused with `status`, and why. */
export type Reading = { readonly taken: Taken[]; status: number; why: string; hasClosed: boolean }

const [route] = routeTable(catalogOf([instance()]), vantage).table.routes
const [target] = route?.targets ?? []

const usual = ownerOf((connection) => new Reader(connection))

/** What our own connection makes of `pieces` that come one after the other. */
export function ourReading(pieces: readonly string[]): Reading {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const owner: ClientOwner = { ...usual, takerOf: () => reader }
  const connection = new ClientConnection(stream, owner, 0)
  const reader = new Reader(connection)
  connection.start()
  for (const piece of pieces) {
    if (piece !== '' && !reader.reading.hasClosed) stream.emit('data', Buffer.from(piece, 'latin1'))
  }
  return reader.reading
}

/** Takes what an exchange takes, and answers when a request is whole. */
class Reader implements RequestTaker {
  readonly reading: Reading = { taken: [], status: 0, why: '', hasClosed: false }
  private readonly connection: ClientConnection
  private readonly asked = new Asked(origin, false)

  constructor(connection: ClientConnection) {
    this.connection = connection
  }

  onRequest(found: RequestHead, bytes: Buffer): void {
    const { asked, connection } = this
    const refused = asked.read(found, bytes)
    if (refused) return this.onMalformed(refused.status, refused.why)
    if (!route || !target) throw new Error('no route')
    connection.expect(asked.content, asked.length, asked.waitsForContinue)
    const passed = asked.textFor(route, target, 'id\r\n')
    const [, forwarded = ''] = passed.split(' ')
    this.reading.taken.push({
      method: asked.verb,
      target: asked.sent,
      forwarded,
      passed,
      isComplete: false,
      isUpgrade: asked.isUpgrade,
    })
    if (asked.content === 'none') this.onContentEnd()
  }

  copiesContent(): boolean {
    return false
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    const last = this.reading.taken.at(-1)
    if (last) last.passed += bytes.latin1Slice(start, end)
  }

  onContentEnd(): void {
    const last = this.reading.taken.at(-1)
    if (last) last.isComplete = true
    if (this.asked.keepsAlive && !this.asked.isUpgrade) this.connection.next()
    else this.close()
  }

  onMalformed(status: number, why: string): void {
    this.reading.status = status
    this.reading.why = why
    this.close()
  }

  onReadAll(): void {}
  onClientEnd(): void {}
  onClientGone(): void {}
  onClientDrain(): void {}
  onTick(): void {}
  onStash(): void {}
  onWaiting(): void {}

  private close(): void {
    this.reading.hasClosed = true
    this.connection.refuse()
  }
}
