import { createHash } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'

import { WebSocket } from 'ws'

import type { Asked } from './ledger.ts'

/** Where the load goes: the proxy, and the host name of each service. */
export type Way = { readonly url: string; readonly hostOf: (service: string) => string }

/** Longer than anything waits: the hold of 30 s, and an answer of a replica that is paused meanwhile. */
const limitMs = 120_000

type Question = {
  readonly method?: string
  readonly path: string
  readonly agent?: Agent
  readonly body?: Buffer
  readonly isChunked?: boolean
}

/** Asks, and gives the answer whose head has come. Rejects when the connection breaks before. */
function open(way: Way, asked: Asked, question: Question): Promise<IncomingMessage> {
  const { method = 'GET', path, agent, body, isChunked = false } = question
  const headers: Record<string, string> = { host: way.hostOf(asked.service) }
  if (body && !isChunked) headers['content-length'] = String(body.length)
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, way.url), { method, headers, agent: agent ?? false })
    outgoing.setTimeout(limitMs, () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject).on('response', (answer) => {
      const replica = answer.headers['x-replica']
      if (typeof replica === 'string') asked.replica = replica
      resolve(answer)
    })
    if (body && isChunked) {
      outgoing.write(body.subarray(0, body.length >> 1))
      setImmediate(() => outgoing.end(body.subarray(body.length >> 1)))
    } else outgoing.end(body)
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of answer.setEncoding('utf8')) text += String(piece)
  return text
}

/** Undefined, or what is wrong with the answer. */
async function answered(
  way: Way,
  asked: Asked,
  question: Question,
  expected: (replica: string) => string,
): Promise<string | undefined> {
  try {
    const answer = await open(way, asked, question)
    const text = await textOf(answer)
    if (answer.statusCode !== 200) return `status ${answer.statusCode}: ${text.slice(0, 80).trim()}`
    return text === expected(asked.replica ?? '')
      ? undefined
      : `another answer: ${text.slice(0, 80)}`
  } catch (error) {
    return wordOf(error)
  }
}

/** A GET that is answered after `ms`. */
export function get(way: Way, asked: Asked, ms: number, agent?: Agent) {
  return answered(way, asked, { path: `/?ms=${ms}`, ...(agent ? { agent } : {}) }, (name) => name)
}

/** A POST of `bytes` that is answered `ms` after it was acted on. */
export function post(
  way: Way,
  asked: Asked,
  options: { bytes: number; ms: number; agent?: Agent },
) {
  const { bytes, ms, agent } = options
  const body = Buffer.alloc(bytes, asked.id)
  const path = `/?id=${asked.id}&ms=${ms}`
  const isChunked = bytes % 3 === 0
  const question = { method: 'POST', path, body, isChunked, ...(agent ? { agent } : {}) }
  return answered(way, asked, question, () => createHash('sha1').update(body).digest('hex'))
}

/** Reads events until the stream ends, which is no failure, or `stop` aborts. */
export async function events(way: Way, asked: Asked, stop: AbortSignal) {
  try {
    const answer = await open(way, asked, { path: '/events' })
    if (answer.statusCode !== 200) return `status ${answer.statusCode}`
    const cut = () => answer.destroy()
    stop.addEventListener('abort', cut, { once: true })
    if (stop.aborted) cut()
    // a stream that is cut ends as well: who reads events comes again
    await textOf(answer).catch(() => undefined)
    stop.removeEventListener('abort', cut)
    return undefined
  } catch (error) {
    return wordOf(error)
  }
}

const goingAway = 1001
const normal = 1000
const echoMs = 30

/** Sends and expects its echo, until the other side says goodbye, which is no failure, or `stop` aborts. */
export function echo(way: Way, asked: Asked, stop: AbortSignal): Promise<string | undefined> {
  const url = `${way.url.replace('http', 'ws')}/echo`
  const socket = new WebSocket(url, { headers: { host: way.hostOf(asked.service) } })
  let sent = 0
  let problem: string | undefined
  const say = () => socket.readyState === WebSocket.OPEN && socket.send(String(++sent))
  const leave = () => socket.close(normal)
  socket.on('message', (bytes: Buffer) => {
    const text = bytes.toString('latin1')
    if (asked.replica === undefined) asked.replica = text
    else if (text !== String(sent)) problem = `echo ${text} of ${sent}`
    if (problem === undefined) setTimeout(say, echoMs)
    else leave()
  })
  socket.on('error', (error) => (problem ??= wordOf(error)))
  stop.addEventListener('abort', leave, { once: true })
  if (stop.aborted) leave()
  return new Promise((resolve) => {
    socket.on('close', (code) => {
      stop.removeEventListener('abort', leave)
      const isWell = code === goingAway
      if (stop.aborted) resolve(undefined)
      else resolve(problem ?? (isWell ? undefined : `closed with ${code}`))
    })
  })
}

function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${String(error.code)} ${error.message}` : error.message
}
