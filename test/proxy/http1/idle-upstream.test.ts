import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'

import { bulkBuffers } from '../../../src/proxy/buffers.ts'
import { Parked } from '../../../src/proxy/exchange/parked.ts'
import { AnswerHead } from '../../../src/proxy/http1/answer-head.ts'
import { UpstreamConnection } from '../../../src/proxy/http1/upstream-connection.ts'
import { EndpointSessions } from '../../../src/proxy/http2/endpoint-sessions.ts'

const acts: Readonly<Record<string, (socket: Socket) => void>> = {
  ends: (socket) => void socket.end(),
  resets: (socket) => void socket.resetAndDestroy(),
  'speaks on': (socket) => void socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'),
}

for (const [name, act] of Object.entries(acts)) {
  test(`an idle connection that the endpoint ${name} is let go of before it is closed`, async () => {
    const accepted = Promise.withResolvers<Socket>()
    const server = createServer((socket) => accepted.resolve(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const order: string[] = []
    const shared = {
      buffers: bulkBuffers(),
      first: Buffer.alloc(128 * 1024),
      answerHead: new AnswerHead(),
      endpointSessions: new EndpointSessions(new Parked(1_000_000)),
    }
    const place = { identity: 'a', protocol: 'http', ip: '127.0.0.1', port: address.port } as const
    const connection = new UpstreamConnection(place, shared, () => order.push('let go'))
    connection.socket.prependListener('close', () => order.push('closed'))
    const closed = once(connection.socket, 'close').catch(() => undefined)
    act(await accepted.promise)
    await closed
    await expect.poll(() => order).toContain('closed')
    expect(order[0]).toBe('let go')
    server.close()
  })
}
