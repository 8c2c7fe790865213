import type { RequestHead } from './request-head.ts'

/** Who gets what comes from a client. */
export type RequestTaker = {
  /** A whole head; it calls `expect` and then, at once or later, `next`. The bytes stay as they are only for the call. */
  onRequest(head: RequestHead, bytes: Buffer): void
  /** Whether the next `size` bytes of content may stand where they are not to be found after `onContent`. */
  copiesContent(size: number): boolean
  /** Content, with the chunks around it. */
  onContent(bytes: Buffer, start: number, end: number): void
  onContentEnd(): void
  /** All that came at once has been handed over. */
  onReadAll(): void
  /** What comes is no request, or no content. */
  onMalformed(status: number, why: string): void
  /** The client will send nothing more. */
  onClientEnd(): void
  /** The connection is closed, or nothing has been asked for in a while: no more is told. */
  onClientGone(): void
  /** All that was written has gone. */
  onClientDrain(): void
  /** So many bytes have come now that nobody can look at yet: of a head, or behind a request. */
  onStash(bytes: number): void
  /** Called now and then while bytes wait for the client, and once when they do no more. */
  onWaiting(): void
  /** Called now and then while there is an exchange. */
  onTick(nowMs: number): void
}

/** Where the content of a request ends. */
export type Content = 'none' | 'length' | 'chunked'
