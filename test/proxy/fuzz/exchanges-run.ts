import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

import { identityOf } from '../../../src/core/instance.ts'
import { ask, bed, catalogOf, instance, named } from '../bed.ts'
import { wireEndpoint } from '../hostile/wire.ts'
import { type Chance, chanceOf, piecesOf } from './chance.ts'
import { llhttpReading } from './llhttp.ts'
import { answerStream, requestStream } from './messages.ts'
import { ourReading } from './ours.ts'
import type { Fuzzed } from './requests-run.ts'

const atOnce = 16
const limits = {
  firstByteMs: 200,
  idleMs: 200,
  clientTimes: { headMs: 200, idleMs: 400, rateMs: 200, lingerMs: 100 },
}

/**
 * Lets `cases` hostile clients speak through a proxy to a hostile endpoint, over sockets. What each side gets has to be
 * HTTP, all connections have to end, and a neighbour must not notice.
 */
export async function fuzzExchanges(
  cases: number,
  seed: number,
): Promise<Fuzzed & { readonly neighbours: number }> {
  const chance = chanceOf(seed)
  const failures: string[] = []
  let [passed, refused] = [0, 0]
  await using hostile = await wireEndpoint(({ socket }) => void answer(chance, socket))
  await using neighbour = await named('neighbour')
  await using proxy = await bed(limits)
  const target = instance({ port: hostile.port })
  const good = { rule: 'Host(`good.test`)', container: 'b'.repeat(64), service: 'good' }
  proxy.catalog.set(catalogOf([target, instance({ port: neighbour.port, ...good })]))
  const stop = new AbortController()
  const beside = visits(proxy.port, stop.signal)
  let left = cases
  const one = async () => {
    while (left-- > 0) {
      const text = requestStream(chance)
      const received = await spoken(proxy.port, chance, text)
      const wrong = wrongOf(text, received)
      if (wrong !== undefined)
        failures.push(`${wrong}: ${JSON.stringify(text)} got ${JSON.stringify(received)}`)
      passed += received.split('HTTP/1.1 200').length - 1
      refused += received.split('HTTP/1.1 4').length - 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  stop.abort()
  const neighbours = await beside
  for (const { text } of hostile.all) {
    const { error } = llhttpReading('requests', text)
    // Node has a list of methods
    const isRight = error === undefined || error === cut || error === 'HPE_INVALID_METHOD'
    if (!isRight) failures.push(`an endpoint got ${error}: ${JSON.stringify(text)}`)
  }
  for (
    let turn = 0;
    turn < 500 && (proxy.proxy.upstream(identityOf(target))?.inFlight ?? 0) > 0;
    turn++
  ) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  const inFlight = proxy.proxy.upstream(identityOf(target))?.inFlight
  if (inFlight !== 0) failures.push(`${inFlight} requests never ended`)
  return { cases, failures, passed, refused, neighbours }
}

/** A message whose end is missing. */
const cut = 'HPE_INVALID_EOF_STATE'

/** What an honest client beside all this gets; how often. */
async function visits(port: number, signal: AbortSignal): Promise<number> {
  let count = 0
  while (!signal.aborted) {
    // a busy machine may be slower than the short limits
    const late = { status: 504, body: '' }
    const { status, body } = await ask(port, { host: 'good.test' }).catch(() => late)
    const isRight = status === 504 || (status === 200 && body === 'neighbour')
    if (!isRight) throw new Error(`a neighbour got ${status}: ${body}`)
    if (status === 200) count++
  }
  return count
}

/** Says something, at some time, and sometimes leaves. */
async function answer(chance: Chance, socket: Socket): Promise<void> {
  const honest = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
  const pieces = chance.once(40)
    ? []
    : piecesOf(chance, chance.once(2) ? honest : answerStream(chance))
  for (const piece of pieces) {
    if (piece !== '' && !socket.destroyed) socket.write(piece, 'latin1')
    if (chance.once(2)) await setImmediate()
  }
  const end = chance.below(8)
  if (end === 0) socket.end()
  else if (end === 1) socket.resetAndDestroy()
}

/** All that a client gets. */
async function spoken(port: number, chance: Chance, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  // not `once`, which fails of an error before the close
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('close', () => resolve())
  const [pieces, end] = [piecesOf(chance, text), chance.below(16)]
  for (const piece of pieces) {
    if (piece !== '' && socket.writable) socket.write(piece, 'latin1')
    if (chance.once(2)) await setImmediate()
  }
  if (end === 0) socket.resetAndDestroy()
  else if (end > 2) socket.end()
  await closed
  return received
}

/** Whether what came for `text` is anything but answers to its requests, of which the last may be cut. */
function wrongOf(text: string, received: string): string | undefined {
  const { taken } = ourReading([text])
  // of a request that is late nobody knows what it was
  const late = received.lastIndexOf('HTTP/1.1 408 ')
  const timely = late < 0 ? received : received.slice(0, late)
  const { messages, error } = llhttpReading('answers', timely, (at) => taken[at]?.method === 'HEAD')
  const answers = messages.filter(({ status }) => status >= 200 || status === 101)
  if (error !== undefined && error !== cut) return `a client got ${error}`
  return answers.length > taken.length + 1
    ? `${answers.length} answers to ${taken.length} requests`
    : undefined
}
