import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'

import { readIntoOwn, symbolsOf } from '../../src/proxy/own-buffer.ts'
import { listeningOn } from '../listening.ts'
import { until } from './tcp/bed.ts'

/** An accepted socket and the client at its other end. */
async function pair() {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
  const port = await listeningOn(server)
  const accepted = once(server, 'connection')
  const client = connect({ port, host: '127.0.0.1' })
  const [socket]: Socket[] = await accepted
  if (!socket) throw new Error('nobody came')
  return {
    socket,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy()
      socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('an accepted socket reads into the buffer that it is given, and stops when it is told to', async () => {
  await using both = await pair()
  const { socket, client } = both
  const buffer = Buffer.alloc(8)
  const heard: string[] = []
  let goesOn = true
  const callback = (count: number) => {
    heard.push(buffer.toString('latin1', 0, count))
    return goesOn
  }
  // this Node has what that needs
  expect(readIntoOwn(socket, { buffer: () => buffer, callback })).toBe(true)
  socket.resume()
  client.write('0123456789')
  await until(() => heard.join('') === '0123456789')
  expect(heard[0]).toHaveLength(8)

  goesOn = false
  client.write('ab')
  await until(() => heard.at(-1) === 'ab')
  client.write('later')
  await new Promise(setImmediate)
  expect(heard.at(-1)).toBe('ab')
  socket.resume()
  await until(() => heard.at(-1) === 'later')
})

test('it may begin in the middle, after what has come as data', async () => {
  await using both = await pair()
  const { socket, client } = both
  const buffer = Buffer.alloc(1024)
  const heard: string[] = []
  socket.once('data', (data: Buffer) => {
    heard.push(`data ${data.length}`)
    readIntoOwn(socket, {
      buffer: () => buffer,
      callback: (count) => heard.push(`own ${count}`) > 0,
    })
  })
  const end = once(socket, 'end')
  socket.resume()
  client.write('one')
  await until(() => heard.length === 1)
  client.end('second')
  await end
  expect(heard).toEqual(['data 3', 'own 6'])
})

test('with other insides than those nothing is done', () => {
  expect(symbolsOf({ [Symbol('kBuffer')]: null, [Symbol('kBufferCb')]: null })).toBeUndefined()
})
