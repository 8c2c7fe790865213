import { connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

import { closed, listeningOn } from '../../listening.ts'
import { referenceProxy } from '../../reference/http-proxy.ts'
import { bed, catalogOf, instance } from '../bed.ts'
import { type Chance, chanceOf, piecesOf } from '../fuzz/chance.ts'
import { type Message, MessageReader } from '../fuzz/llhttp.ts'
import { type Sample, sampleOf } from './samples.ts'

const atOnce = 8

export type Compared = {
  readonly cases: number
  readonly requests: number
  /** What was not the same, with what was sent; empty is what is wanted. */
  readonly failures: readonly string[]
}

/** Who sits between client and endpoint; the first letter of a case's id. */
type Way = 'ours' | 'reference'

/** Sends `cases` connections full of valid requests through us and through http-proxy, and compares both sides. */
export async function compareProxies(cases: number, seed: number): Promise<Compared> {
  const chance = chanceOf(seed)
  const answers = new Map<string, Sample>()
  const seen = new Map<string, string>()
  await using endpoint = await answering(answers, seen, chance)
  await using reference = await referenceProxy(endpoint.port)
  await using proxy = await bed()
  proxy.catalog.set(catalogOf([instance({ port: endpoint.port })]))
  const ports: Readonly<Record<Way, number>> = { ours: proxy.port, reference: reference.port }
  const failures: string[] = []
  let [left, requests] = [cases, 0]
  const one = async () => {
    while (left > 0) {
      const id = left--
      const count = 1 + chance.below(4)
      const samples = Array.from({ length: count }, (_, at) =>
        sampleOf(chance, `${id}.${at}`, at === 0, at === count - 1),
      )
      for (const [at, sample] of samples.entries()) answers.set(`${id}.${at}`, sample)
      requests += count
      const isPipelined = chance.once(2)
      const through = async (way: Way) => {
        const text = samples.map(({ request }) => request.replace(/^X-Case: /m, `X-Case: ${way}.`))
        const got = await spoken(ports[way], chance, samples, isPipelined ? [text.join('')] : text)
        return samples.map((_, at) => [`${seen.get(`${way}.${id}.${at}`)}`, got[at] ?? 'nothing'])
      }
      const [ours, theirs] = await Promise.all([through('ours'), through('reference')])
      const wrong = samples.findIndex(
        (_, at) => JSON.stringify(ours[at]) !== JSON.stringify(theirs[at]),
      )
      if (wrong >= 0)
        failures.push(difference(samples[wrong], ours[wrong] ?? [], theirs[wrong] ?? []))
      for (const at of samples.keys()) {
        answers.delete(`${id}.${at}`)
        for (const way of ['ours', 'reference']) seen.delete(`${way}.${id}.${at}`)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return { cases, requests, failures }
}

/** Both messages around where they part. */
function difference(
  sample: Sample | undefined,
  ours: readonly string[],
  theirs: readonly string[],
): string {
  const side = ours[0] === theirs[0] ? 1 : 0
  const [one = '', other = ''] = [ours[side], theirs[side]]
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const around = [one, other].map((text) => text.slice(Math.max(0, at - 100), at + 100))
  const sent = [sample?.request, sample?.answer].map((text) => text?.slice(0, 600))
  return JSON.stringify(
    { side: side === 0 ? 'endpoint' : 'client', at, around, sent },
    undefined,
    1,
  )
}

/** An endpoint that reads requests and has the answer of each, in pieces. */
async function answering(
  answers: ReadonlyMap<string, Sample>,
  seen: Map<string, string>,
  chance: Chance,
) {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new MessageReader('requests')
    let answered = 0
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes)
      if (reader.error !== undefined) return void socket.destroy()
      const message = reader.messages[answered]
      if (message?.isComplete !== true) return
      answered++
      const id = valueOf(message, 'x-case')
      seen.set(id, shownOf(message, false))
      const sample = answers.get(id.replace(/^\w+\./, ''))
      if (sample)
        void written(socket, chance, sample.answer).then(() => sample.closes && socket.end())
    })
  })
  const port = await listeningOn(server)
  return {
    port,
    [Symbol.asyncDispose]: () => closed(server, sockets),
  }
}

/** What a client gets for `texts`, each sent when all before it are answered. */
async function spoken(
  port: number,
  chance: Chance,
  samples: readonly Sample[],
  texts: readonly string[],
): Promise<readonly string[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const reader = new MessageReader('answers', (at) => samples[at]?.method === 'HEAD')
  let onMore = () => {}
  const answers = () => reader.messages.filter(({ status }) => status >= 200)
  socket.on('data', (bytes: Buffer) => {
    reader.push(bytes)
    onMore()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    reader.end()
    onMore()
  })
  let due = 0
  for (const text of texts) {
    due += texts.length === 1 ? samples.length : 1
    await written(socket, chance, text)
    while (!socket.closed && answers().filter(({ isComplete }) => isComplete).length < due) {
      await new Promise<void>((resolve) => {
        onMore = resolve
      })
    }
  }
  socket.destroy()
  return answers().map((message, at) => shownOf(message, samples[at]?.method === 'HEAD'))
}

async function written(socket: Socket, chance: Chance, text: string): Promise<void> {
  for (const piece of piecesOf(chance, text)) {
    if (piece !== '' && socket.writable) socket.write(piece, 'latin1')
    if (chance.once(2)) await setImmediate()
  }
}

function valueOf({ headers }: Message, name: string): string {
  return headers.find((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name) ?? ''
}

/** What two proxies may do each in its way: of one hop, framing, where a request came from, when an answer was made. */
const own =
  /^(connection|keep-alive|transfer-encoding|te|trailer|via|forwarded|x-forwarded-.*|x-real-ip|x-request-id|x-case|date|expect)$/

/** A message without what differs by design; names in one case, values of one name in one line. */
function shownOf(
  { method, url, status, headers, body, isComplete }: Message,
  isHead: boolean,
): string {
  const values = new Map<string, string>()
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    if (own.test(name) || (name === 'content-length' && !isHead)) continue
    const before = values.get(name)
    values.set(
      name,
      before === undefined ? (headers[at + 1] ?? '') : `${before}, ${headers[at + 1]}`,
    )
  }
  const lines = [...values].map(([name, value]) => `${name}: ${value}`).toSorted()
  return [method, url, status, isComplete, ...lines, body].join('\n')
}
