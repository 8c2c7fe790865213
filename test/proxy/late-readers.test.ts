import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'

import { expect, test } from 'vitest'

import { backend, bed, catalogOf, instance, pause } from './bed.ts'

/** Sizes of answers, around those of the buffers that they are read into. */
const sizes = [5000, 60_000, 131_072, 300_000, 2_000_000]

test('who reads late gets his own answer, while its buffers are used for others', async () => {
  await using service = await backend((incoming, response) => {
    const [, letter = '', size = '0'] = incoming.url?.split('/') ?? []
    response.setHeader('content-length', size).end(letter.repeat(Number(size)))
  })
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: service.port })]))

  async function client(letter: string, lateMs: number): Promise<string[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const wrong: string[] = []
    for (let turn = 0; turn < 3; turn++) {
      for (const size of sizes) {
        const asked = request({
          agent,
          port: proxy.port,
          host: '127.0.0.1',
          path: `/${letter}/${size}`,
          headers: { host: 'shop.test' },
        }).end()
        const [answer]: IncomingMessage[] = await once(asked, 'response')
        if (!answer) throw new Error('no answer')
        await pause(lateMs)
        let got = 0
        for await (const piece of answer) {
          if (!Buffer.isBuffer(piece)) throw new Error('not bytes')
          got += piece.length
          if (piece.some((byte) => byte !== letter.charCodeAt(0))) wrong.push(`${letter}: mixed`)
        }
        if (got !== size) wrong.push(`${letter}: ${got} of ${size}`)
      }
    }
    agent.destroy()
    return wrong
  }

  const letters = [...'abcdefghijklmnop']
  const found = await Promise.all(
    letters.map((letter, at) => client(letter, at % 4 === 0 ? 0 : 20)),
  )
  expect(found.flat()).toEqual([])
}, 120_000)
