import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export type Answer = { readonly status: number; readonly body: string }

/** One request through a proxy, as a client that speaks to `host`. Rejects when the connection breaks. */
export function ask(
  url: string,
  host: string,
  { agent, path = '/', method = 'GET' }: { agent?: Agent; path?: string; method?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host }, method, ...(agent ? { agent } : {}) }
    const outgoing = request(new URL(path, url), options, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => (body += text))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    outgoing
      .on('error', reject)
      .setTimeout(130_000, () => outgoing.destroy(new Error('no answer in 130 s')))
    outgoing.end()
  })
}

export type LoadResult = {
  readonly requests: number
  /** Each failed request: when (ms from the start) and how. */
  readonly failures: readonly string[]
  /** Bodies that came, and how often. */
  readonly bodies: ReadonlyMap<string, number>
  readonly slowestMs: number
}

/** `perSecond` requests, evenly, over kept-alive connections, until `stop` aborts; waits for the last answer. */
async function load(
  url: string,
  host: string,
  perSecond: number,
  stop: AbortSignal,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const started = performance.now()
  const failures: string[] = []
  const bodies = new Map<string, number>()
  const pending = new Set<Promise<void>>()
  let requests = 0
  let slowestMs = 0

  async function one(): Promise<void> {
    const at = performance.now()
    const when = `${Math.round(at - started)} ms`
    try {
      const { status, body } = await ask(url, host, { agent })
      if (status === 200) bodies.set(body.trim(), (bodies.get(body.trim()) ?? 0) + 1)
      else failures.push(`${when}: status ${status}`)
    } catch (error) {
      failures.push(`${when}: ${String(error)}`)
    }
    slowestMs = Math.max(slowestMs, performance.now() - at)
  }

  while (!stop.aborted) {
    const due = ((performance.now() - started) / 1000) * perSecond
    for (; requests < due; requests++) {
      const asking = one().finally(() => pending.delete(asking))
      pending.add(asking)
    }
    await pause(1000 / perSecond)
  }
  await Promise.all(pending)
  agent.destroy()
  return { requests, failures, bodies, slowestMs }
}

/** Runs `steps` under a load and gives what the clients saw. */
export async function underLoad(
  url: string,
  host: string,
  perSecond: number,
  steps: () => Promise<void>,
): Promise<LoadResult> {
  const stop = new AbortController()
  const loading = load(url, host, perSecond, stop.signal)
  try {
    await pause(300)
    await steps()
    await pause(300)
  } finally {
    stop.abort()
  }
  return loading
}
