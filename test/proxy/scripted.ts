import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A server that says what `script` says, whatever it is asked, and remembers what it got. */
export async function scripted(script: (socket: Socket, asked: string, turn: number) => void) {
  const sockets = new Set<Socket>()
  const asked: string[] = []
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      asked.push(bytes.toString('latin1'))
      script(socket, asked.at(-1) ?? '', asked.length)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    asked,
    sockets,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A client that writes bytes and waits for what it expects. */
export async function client(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  let hasEnded = false
  let look = () => {}
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
    look()
  })
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      hasEnded = true
      look()
    })
  }
  socket.on('error', () => {})
  await once(socket, 'connect')

  /** Resolves when `isThere`, or at the end, with all that has come since the last time. */
  async function until(isThere: (text: string) => boolean): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>()
    look = () => {
      if (hasEnded || isThere(received)) resolve()
    }
    look()
    await promise
    const text = received
    received = ''
    return text
  }

  return {
    socket,
    write: (text: string) => void socket.write(text, 'latin1'),
    /** What comes until `text` is there. */
    until: (text: string) => until((all) => all.includes(text)),
    /** All until the other side ends. */
    rest: () => until(() => false),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
