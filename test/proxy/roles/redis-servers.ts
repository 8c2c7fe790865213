import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

import { expect } from 'vitest'

import { freePort } from '../../free-port.ts'
import { folder, program } from './programs.ts'

/** Commands on one connection, and all that came back. */
export async function redisSays(port: number, ...commands: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write([...commands, 'QUIT', ''].join('\r\n'))
  return text(socket)
}

/** A connection that stays, once it has been answered. */
export async function redisSession(port: number) {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  const ping = async (): Promise<string> => {
    socket.write('PING\r\n')
    const [bytes] = await Promise.race([once(socket, 'data'), closed.then(() => ['closed'])])
    return String(bytes).trim()
  }
  await expect.poll(ping, { timeout: 60_000 }).toBe('+PONG')
  return { ping, closed, [Symbol.dispose]: () => socket.destroy() }
}

/** A real Redis on a port of its own. */
export async function redisServer(...options: readonly string[]) {
  const stack = new AsyncDisposableStack()
  const { path } = stack.use(await folder())
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...options]
  const running = stack.use(program('redis-server', args, path))
  const says = (...commands: readonly string[]) => redisSays(port, ...commands)
  const isUp = () =>
    says('PING').then(
      (answer) => /PONG|NOAUTH/.test(answer),
      () => false,
    )
  await expect.poll(isUp, { timeout: 60_000 }).toBe(true)
  return {
    port,
    running,
    says,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export type RedisServer = Awaited<ReturnType<typeof redisServer>>

/** Makes `replica` follow `primary`, and waits until it does. */
export async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  await replica.says(`REPLICAOF 127.0.0.1 ${primary.port}`)
  const link = () => replica.says('INFO replication')
  await expect.poll(link, { timeout: 60_000 }).toContain('master_link_status:up')
}
