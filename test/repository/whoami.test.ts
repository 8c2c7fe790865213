import { expect, test } from 'vitest'

import { start } from './child.ts'

async function whoami() {
  const child = start(['examples/whoami/whoami.mjs'], { PORT: '0' })
  const [, port] = /port (\d+)/.exec(await child.printed(/port \d+/)) ?? []
  return { ...child, url: `http://127.0.0.1:${port}` }
}

test('whoami says who it is and what was asked', async () => {
  await using service = await whoami()
  const answer = await fetch(`${service.url}/a?b`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  const text = await answer.text()
  expect(text).toMatch(/^hostname: \S+\n/)
  expect(text).toContain('GET /a?b HTTP/1.1\n')
  expect(text).toContain('x-forwarded-for: 192.0.2.1\n')
})

test('whoami accepts for a moment after SIGTERM, finishes its work, and ends well', async () => {
  await using service = await whoami()
  const slow = fetch(`${service.url}/?wait=1.3`)
  service.process.kill('SIGTERM')
  const late = await fetch(service.url, { headers: { connection: 'close' } })
  expect(late.status).toBe(200)
  expect((await slow).status).toBe(200)
  expect(await service.exitCode).toBe(0)
  await expect(fetch(service.url)).rejects.toThrow('fetch failed')
})
