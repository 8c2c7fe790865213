import { Socket } from 'node:net'

/** How bytes that come over a socket are read, as Node's option `onread` has it. */
export type OnRead = {
  /** A function is asked for a buffer before each read. */
  readonly buffer: Buffer | (() => Buffer)
  readonly callback: (count: number) => boolean
}

/** What Node's sockets keep of `onread`, by the names of the symbols under which they do. */
const kept = symbolsOf(new Socket())

/**
 * From now on what comes over `socket` is read into buffers of ours, as it is on sockets that are made with `onread`:
 * 64 KiB less to allocate, to copy and to collect for each read. Servers don't take that option for the sockets that
 * they accept, so this goes behind Node's public interface. False where Node has other insides than this knows: then
 * nothing has changed.
 *
 * What was read before and has not been taken yet still comes as `data`, and before the rest.
 */
export function readIntoOwn(socket: Socket, { buffer, callback }: OnRead): boolean {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (!kept || !takesBuffer(handle)) return false
  const isMade = typeof buffer === 'function'
  const first = isMade ? buffer() : buffer
  Reflect.set(socket, kept.buffer, first)
  Reflect.set(socket, kept.next, isMade ? buffer : null)
  Reflect.set(socket, kept.callback, callback)
  handle.useUserBuffer(first)
  return true
}

type TakesBuffer = { readonly useUserBuffer: (buffer: Buffer) => void }

function takesBuffer(handle: unknown): handle is TakesBuffer {
  if (typeof handle !== 'object' || handle === null) return false
  return 'useUserBuffer' in handle && typeof handle.useUserBuffer === 'function'
}

type Kept = { readonly buffer: symbol; readonly next: symbol; readonly callback: symbol }

/** Undefined if they are not all there. */
export function symbolsOf(socket: object): Kept | undefined {
  const symbols = Object.getOwnPropertySymbols(socket)
  const named = (name: string) => symbols.find(({ description }) => description === name)
  const [buffer, next, callback] = [named('kBuffer'), named('kBufferGen'), named('kBufferCb')]
  return buffer && next && callback && { buffer, next, callback }
}
