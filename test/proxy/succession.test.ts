import { Agent, request } from 'node:http'

import { expect, test } from 'vitest'

import { bed, catalogOf, instance, named } from './bed.ts'

const count = 2000

/** Asks for one host after the other until it is told to stop; counts all answers but the good ones. */
function load(port: number) {
  const agent = new Agent({ keepAlive: true })
  const bad = new Map<string, number>()
  let good = 0
  const stop = new AbortController()
  const ask = async (host: string) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const asked = request({ port, host: '127.0.0.1', agent, headers: { host } })
    asked.on('response', (answer) => {
      answer.resume().once('end', () => resolve(String(answer.statusCode)))
    })
    asked.on('error', ({ message }) => resolve(message))
    asked.end()
    const answer = await promise
    if (answer === '200') good++
    else bad.set(answer, (bad.get(answer) ?? 0) + 1)
  }
  const running = Array.from({ length: 8 }, async (_, client) => {
    for (let at = client * 251; !stop.signal.aborted; at += 7) await ask(`h${at % count}`)
  })
  return {
    good: () => good,
    async finish() {
      stop.abort()
      await Promise.all(running)
      agent.destroy()
      return Object.fromEntries(bad)
    },
  }
}

test('hosts that are there before and after a large change are never unknown in between', async () => {
  await using service = await named('ok')
  // nobody waits for anything: what is not there at that moment is an error
  await using proxy = await bed({ workers: 1, holdMs: 0 })
  const hosts = (name: string, rule: (host: string) => string) =>
    Array.from({ length: count }, (_, at) =>
      instance({
        service: `${name}${at}`,
        container: at.toString(16).padStart(64, '0'),
        port: service.port,
        rule: rule(`h${at}`),
      }),
    )
  const byName = (host: string) => `Host(\`${host}\`)`
  const changes = [
    hosts('b', byName),
    hosts('b', (host) => `${byName(host)} && PathPrefix(\`/\`)`),
    hosts('c', (host) => `${byName(host)} || Host(\`www.${host}\`)`),
    hosts('a', byName),
  ]
  proxy.catalog.set(catalogOf(hosts('a', byName)))
  await expect.poll(async () => (await proxy.get('/', { host: `h${count - 1}` })).status).toBe(200)
  const asking = load(proxy.port)
  for (const change of changes) {
    const before = asking.good()
    proxy.catalog.set(catalogOf(change))
    await expect.poll(() => asking.good() - before).toBeGreaterThan(2 * count)
  }
  expect(await asking.finish()).toEqual({})
})
