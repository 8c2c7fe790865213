import type { Socket } from 'node:net'

/** Looks at all that has come so far; undefined: wait for more. */
export type Look<T> = (bytes: Buffer) => T | undefined

/** What a look made of a client's first bytes; `late`: they did not come in time; `gone`: they never will. */
export type Looked<T> =
  | { readonly kind: 'seen'; readonly seen: T; readonly bytes: Buffer }
  | { readonly kind: 'late'; readonly bytes: Buffer }
  | { readonly kind: 'gone' }

/** When to give up. */
export type Patience = {
  /** Without a single byte. */
  readonly firstMs: number
  /** In all. */
  readonly wholeMs: number
}

/**
 * Reads the first bytes of `client`, beginning with `before`, until `look` is content. Those that it has read are in
 * the result; `client` is paused after it. One that ends its half before is gone.
 */
export function firstBytes<T>(
  client: Socket,
  before: Buffer,
  look: Look<T>,
  { firstMs, wholeMs }: Patience,
): Promise<Looked<T>> {
  const { promise, resolve } = Promise.withResolvers<Looked<T>>()
  let bytes = before
  let isSettled = false
  const isSilent = () => bytes.length === 0
  const late = () => settle({ kind: 'late', bytes })
  const first = setTimeout(() => isSilent() && late(), firstMs)
  const whole = setTimeout(late, wholeMs)
  const gone = () => settle({ kind: 'gone' })

  function onData(chunk: Buffer): void {
    bytes = isSilent() ? chunk : Buffer.concat([bytes, chunk])
    judge()
  }
  function judge(): void {
    const seen = look(bytes)
    if (seen !== undefined) settle({ kind: 'seen', seen, bytes })
  }
  function settle(result: Looked<T>): void {
    isSettled = true
    clearTimeout(first)
    clearTimeout(whole)
    client.pause()
    client.off('data', onData)
    client.off('end', gone)
    client.off('close', gone)
    resolve(result)
  }
  client.on('data', onData)
  client.once('end', gone)
  client.once('close', gone)
  if (!isSilent()) judge()
  if (!isSettled) client.resume()
  return promise
}
