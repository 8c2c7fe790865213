import type { IncomingMessage } from 'node:http'

const everyMs = 10_000
/** Slower than this is no client but somebody who wants to keep connections busy. */
const leastBytes = 1000

/** Ends the connection of a client that sends its body at less than 100 bytes a second while we wait for it. */
export function watchBody(request: IncomingMessage): void {
  const { socket } = request
  if (request.headers['content-length'] === undefined && !request.headers['transfer-encoding'])
    return
  let before = socket.bytesRead
  const timer = setInterval(() => {
    const wanted = request.readableFlowing === true && !socket.isPaused()
    if (request.complete) clearInterval(timer)
    else if (wanted && socket.bytesRead - before < leastBytes) socket.destroy()
    before = socket.bytesRead
  }, everyMs)
  request.once('close', () => clearInterval(timer))
}
