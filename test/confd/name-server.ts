import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { onTestFinished } from 'vitest'

/** What a name server says to `A name`, `AAAA name`, `SRV name`; a text is an address or `port target`. */
export type Zone = Map<string, { readonly ttl: number; readonly data: readonly string[] }>

const types = new Map([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
])

/** A real name server (RFC 1035) on UDP. What is not in the zone does not exist; `silent` gives no answer at all. */
export async function startNameServer(zone: Zone) {
  const asked: string[] = []
  const state = { silent: false }
  const socket = createSocket('udp4')
  socket.on('message', (query, { address, port }) => {
    const { name, end } = nameIn(query)
    const type = types.get(query.readUInt16BE(end)) ?? '?'
    asked.push(`${type} ${name}`)
    if (!state.silent)
      socket.send(answerTo(query.subarray(0, end + 4), type, name, zone), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => {
    socket.close()
  })
  return { at: `127.0.0.1:${socket.address().port}`, asked, state }
}

function answerTo(question: Buffer, type: string, name: string, zone: Zone): Buffer {
  const found = zone.get(`${type} ${name}`)
  const isKnown = [...zone.keys()].some((key) => key.endsWith(` ${name}`))
  const head = Buffer.from(question)
  // an answer, recursion available; 3: no such name (RFC 1035, 4.1.1)
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(found?.data.length ?? 0, 6)
  head.writeUInt32BE(0, 8)
  const records = (found?.data ?? []).map((text) => {
    const data = dataOf(type, text)
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    question.copy(record, 2, question.length - 4)
    record.writeUInt32BE(found?.ttl ?? 0, 6)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([head, ...records])
}

function dataOf(type: string, text: string): Buffer {
  if (type === 'A') return Buffer.from(text.split('.').map(Number))
  if (type === 'AAAA') {
    // written in full, such as fd00:0:0:0:0:0:0:1
    return Buffer.concat(text.split(':').map((part) => Buffer.from(part.padStart(4, '0'), 'hex')))
  }
  const [port = '', target = ''] = text.split(' ')
  const numbers = Buffer.from([0, 1, 0, 2, Number(port) >> 8, Number(port) & 255])
  const labels = target
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`))
  return Buffer.concat([numbers, ...labels, Buffer.from([0])])
}

function nameIn(query: Buffer) {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 1 }
}
