import type { ClientConnection } from '../http1/client-connection.ts'
import type { Sender } from '../http1/sender.ts'
import type { UpstreamConnection } from '../http1/upstream-connection.ts'
import type { Copy } from './copies.ts'
import type { Parked, Parker } from './parked.ts'
import { Pieces } from './pieces.ts'

const nothing = Buffer.alloc(0)
/** So much of a content of several pieces is kept in any case, until somebody answers. */
const keptAlways = 64 * 1024

/** One request on its way to an endpoint: its head, and content as it comes. */
export class Sending implements Parker {
  /** Content has come; all of it. */
  hasContent = false
  hasAll = true
  private readonly client: ClientConnection
  private readonly sender: Sender
  private readonly parked: Parked
  /** Where it goes; undefined while that is not known or not connected. */
  private to: UpstreamConnection | undefined
  /** The head, until it is written. */
  private head = ''
  /** Content that nobody could take yet. */
  private early: Pieces | undefined
  /** Where the first piece is, to send it again if it was all. */
  private first: Buffer = nothing
  private firstStart = 0
  private firstEnd = 0
  private pieces = 0
  /** Holds the first piece, and nobody else looks into it. */
  private box: Buffer | undefined
  /** All pieces, if somebody wants them kept and they are not too many. */
  private kept: Pieces | undefined
  /** Gets all content, too. */
  private copy: Copy | undefined
  /** How much more may be kept. */
  private keptBytes = 0
  /** Bytes of content that are here, for now or for another try. */
  private heldBytes = 0
  /** The endpoint does not keep up. */
  private isParked = false

  constructor(client: ClientConnection, sender: Sender, parked: Parked) {
    this.client = client
    this.sender = sender
    this.parked = parked
    this.to = undefined
    this.early = undefined
    this.box = undefined
    this.kept = undefined
    this.copy = undefined
  }

  /** For a new request, with content or without. */
  reset(isWhole: boolean): void {
    this.hasContent = false
    this.hasAll = isWhole
    this.to = undefined
    this.head = ''
    this.early = undefined
    this.first = nothing
    this.pieces = 0
    this.kept = undefined
    this.keptBytes = keptAlways
  }

  /** The head for the next try. */
  prepare(head: string): void {
    this.to = undefined
    this.head = head
  }

  /** Whether something is here to be written. */
  get isReady(): boolean {
    return this.hasAll || this.early !== undefined
  }

  /** Content that is for nobody yet. */
  get waiting(): readonly Buffer[] {
    return this.early?.all() ?? []
  }

  /** From now on everything goes to `to`: at once what is here, if that is not to wait for more. */
  open(to: UpstreamConnection, isAtOnce: boolean): void {
    this.to = to
    if (isAtOnce) this.flush()
  }

  /** Writes the head, and what there is of content. */
  flush(): void {
    const { early, to } = this
    if (!to || (this.head === '' && early === undefined)) return
    let isKeepingUp = true
    this.early = undefined
    if (early === undefined) isKeepingUp = this.write(to, nothing, 0, 0)
    else {
      for (const piece of early.all()) isKeepingUp = this.write(to, piece, 0, piece.length)
      this.keepLess()
    }
    if (this.client.isPaused && isKeepingUp) this.client.resume()
  }

  /** Whether `size` bytes that come now are free again when `content` has seen them. */
  copies(size: number): boolean {
    const isFirst = this.to !== undefined && this.pieces === 0
    const isAlone = this.kept === undefined && this.copy === undefined
    return isFirst && isAlone && this.sender.fits(this.head.length + size)
  }

  /** False if there is no room for it. */
  content(bytes: Buffer, start: number, end: number): boolean {
    if (this.copies(end - start)) return this.boxed(bytes, start, end)
    const isFirst = this.pieces++ === 0
    const isHeld = isFirst || !this.to
    this.hasContent = true
    if (isHeld && !this.hold(end - start)) return false
    if (isFirst) {
      this.first = bytes
      this.firstStart = start
      this.firstEnd = end
    } else if (this.pieces === 2 && this.kept === undefined && this.keptBytes > 0) {
      this.box = undefined
      this.kept = new Pieces()
      this.keepPiece(this.first.subarray(this.firstStart, this.firstEnd))
    }
    if (this.kept && (isHeld || this.hold(end - start))) this.keepPiece(bytes.subarray(start, end))
    else if (this.kept) this.keepNoMore()
    if (this.copy) this.copyPiece(bytes.subarray(start, end))
    if (this.to) {
      this.write(this.to, bytes, start, end)
      return true
    }
    this.early ??= new Pieces()
    this.early.add(bytes.subarray(start, end))
    this.client.pause()
    return true
  }

  /** The same for the first piece, or the only one, which goes at once. */
  private boxed(bytes: Buffer, start: number, end: number): boolean {
    const { head, sender, to } = this
    const size = end - start
    this.hasContent = true
    this.pieces = 1
    if (!to || !this.hold(size)) return false
    const box = sender.takeBox()
    this.box = box
    this.first = box
    this.firstStart = head.length
    this.firstEnd = head.length + size
    this.head = ''
    this.written(to, sender.sendBoxed(to.socket, head, bytes, start, end, box))
    return true
  }

  private hold(size: number): boolean {
    const may = this.parked.hold(size)
    if (may) this.heldBytes += size
    return may
  }

  /** What is not kept any more does not count: of what has been sent that is all but the first piece. */
  private keepLess(): void {
    if (this.kept || this.early !== undefined) return
    const left = this.firstEnd - this.firstStart
    this.parked.release(this.heldBytes - left)
    this.heldBytes = left
  }

  /** The same for what is not to be sent again. */
  pass(bytes: Buffer, start: number, end: number): void {
    if (this.to) this.write(this.to, bytes, start, end)
  }

  /** All content has come. */
  end(): void {
    this.hasAll = true
    this.copy?.send()
    this.copy = undefined
    // nobody reads from a client that is paused, and it could leave unseen
    if (!this.to && this.client.isPaused) this.client.resume()
  }

  /** Gives `copy` what has come and what will come. */
  copyTo(copy: Copy): void {
    this.box = undefined
    this.copy = copy
    for (const piece of this.early?.all() ?? []) this.copyPiece(piece)
    if (this.hasAll) this.end()
  }

  private copyPiece(piece: Buffer): void {
    if (this.copy?.add(piece) === false) this.copy = undefined
  }

  /** Whether it could be sent once more. */
  get canRewind(): boolean {
    return this.hasAll && this.isKept
  }

  /** Nothing of what has come is lost. */
  get isKept(): boolean {
    return this.pieces <= 1 || this.kept !== undefined
  }

  /** Keeps all content, up to `most` bytes of it, so that it can be sent once more. */
  keep(most: number): void {
    if (most <= keptAlways) return
    this.box = undefined
    this.keptBytes = most
    this.kept = new Pieces()
    for (const piece of this.early?.all() ?? []) this.keepPiece(piece)
  }

  /** All that was written is to be written again. */
  rewind(): void {
    this.box = undefined
    this.early = this.pieces === 0 ? undefined : this.kept?.copy()
    if (this.pieces === 0 || this.kept) return
    this.early = new Pieces()
    this.early.add(this.first.subarray(this.firstStart, this.firstEnd))
  }

  private keepPiece(piece: Buffer): void {
    this.keptBytes -= piece.length
    if (this.keptBytes >= 0) this.kept?.add(piece)
    else this.keepNoMore()
  }

  private keepNoMore(): void {
    this.kept = undefined
    this.keepLess()
  }

  /** What comes from now on goes nowhere. */
  close(): void {
    this.unpark()
    this.to = undefined
    this.head = ''
  }

  /** The request is answered: lets go of what it was. */
  clear(): void {
    this.leaveBox()
    this.close()
    this.early = undefined
    this.first = nothing
    this.kept = undefined
    this.copy?.drop()
    this.copy = undefined
    this.parked.release(this.heldBytes)
    this.heldBytes = 0
  }

  /** It serves the next one, unless something of it may still be read. */
  private leaveBox(): void {
    const { box, to } = this
    if (box && to?.socket.writableLength === 0) this.sender.giveBox(box)
    this.box = undefined
  }

  /** The endpoint has taken all, or is gone. */
  unpark(): void {
    if (!this.isParked) return
    this.isParked = false
    this.parked.gone(this)
  }

  /** Counts what waits for the endpoint, which may be too little to hold anybody up. To be called now and then. */
  recount(): void {
    const waiting = this.to?.socket.writableLength ?? 0
    if (waiting === 0) return this.unpark()
    this.isParked = true
    this.parked.wait(this, waiting)
  }

  giveUp(): void {
    this.client.destroy()
  }

  /** False if the client has been paused because the endpoint does not keep up. */
  private write(to: UpstreamConnection, bytes: Buffer, start: number, end: number): boolean {
    const { head } = this
    this.head = ''
    return this.written(to, this.sender.send(to.socket, head, bytes, start, end))
  }

  private written(to: UpstreamConnection, isKeepingUp: boolean): boolean {
    if (isKeepingUp || to.socket.writableLength === 0) return true
    this.client.pause()
    this.isParked = true
    this.parked.wait(this, to.socket.writableLength)
    return false
  }
}
