const lineEnd = Buffer.from('\r\n')

export const lastChunk = Buffer.from('0\r\n\r\n')

/** `bytes` as a chunk of HTTP/1.1 (RFC 9112, 7.1). */
export function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, lineEnd])
}
