import { expect, test } from 'vitest'

import { bed, catalogOf, instance, named } from './bed.ts'
import { load } from './constant-load.ts'

test(
  'a change of 10,000 routes costs no request an error, and keeps none waiting',
  {
    timeout: 300_000,
  },
  async () => {
    await using constant = await load()
    await using one = await named('one')
    await using two = await named('two')
    await using proxy = await bed({ workers: 1 })
    const mine = instance({ port: constant.port, rule: 'Host(`mine`)' })
    const others = (port: number) =>
      Array.from({ length: 10_000 }, (_, at) =>
        instance({
          service: `s${at}`,
          rule: `Host(\`h${at}.test\`) && PathPrefix(\`/api/${at}\`)`,
          container: port.toString(16).padStart(64, '0'),
          port,
        }),
      )
    const answerOf = async (at: number) => {
      const { status, body } = await proxy.get(`/api/${at}`, { host: `h${at}.test` })
      return `${status} ${body}`
    }
    /** What the constant load went through during `change` and all that follows from it. */
    const during = async (change: () => Promise<void>) => {
      await constant.numbers()
      await change()
      return await constant.numbers()
    }

    proxy.catalog.set(catalogOf([mine]))
    constant.begin(proxy.port)
    await expect.poll(async () => (await constant.numbers()).answers).toBeGreaterThan(0)
    const come = await during(async () => {
      proxy.catalog.set(catalogOf([mine, ...others(one.port)]))
      await expect.poll(() => answerOf(9999), { timeout: 100_000 }).toBe('200 one')
    })
    const changed = await during(async () => {
      proxy.catalog.set(catalogOf([mine, ...others(two.port)]))
      // gone means gone, also for those whose routes the worker has not read yet
      expect(await Promise.all([9999, 5000, 1].map(answerOf))).not.toContain('200 one')
      await expect.poll(() => answerOf(9999), { timeout: 100_000 }).toBe('200 two')
    })
    const gone = await during(async () => {
      const last = instance({ service: 'last', rule: 'Host(`last`)', port: one.port })
      proxy.catalog.set(catalogOf([mine, last]))
      // those that leave go first
      const answer = async () => (await proxy.get('/', { host: 'last' })).body
      await expect.poll(answer, { timeout: 100_000 }).toBe('one')
    })
    for (const [what, { answers, failures, longestMs }] of Object.entries({
      come,
      changed,
      gone,
    })) {
      console.log(
        `10,000 routes ${what}: longest of ${answers} requests ${longestMs.toFixed(1)} ms`,
      )
      expect(failures).toBe(0)
      expect(longestMs).toBeLessThan(5000)
    }
  },
)
