import { expect, test } from 'vitest'

import { leaveSeat, newShare } from '../../../src/proxy/middleware/share.ts'
import { chainOf, passed, requestOf, siteOf } from './drafts.ts'

async function statusOf(middleware: object, given: Parameters<typeof requestOf>[0]) {
  const { answer } = await passed([middleware], requestOf(given))
  return answer?.status
}

const forwarded = { 'X-Forwarded-For': '1.1.1.1, 10.0.0.7,2.2.2.2' }

for (const [what, allow, given, status] of [
  ['an address in a range', { ranges: ['192.0.2.0/24'] }, {}, undefined],
  ['an address', { ranges: ['::1', '192.0.2.1'] }, {}, undefined],
  ['IPv4 in IPv6', { ranges: ['192.0.2.1'] }, { ip: '::ffff:192.0.2.1' }, undefined],
  ['nobody else', { ranges: ['10.0.0.0/8'] }, {}, 403],
  ['nobody else, with a status', { ranges: ['10.0.0.0/8'], status: 404 }, {}, 404],
  ['whatever is forwarded', { ranges: ['2.2.2.2'] }, { headers: forwarded }, 403],
  [
    'the last forwarded',
    { ranges: ['2.2.2.2'], source: { ipDepth: 1 } },
    { headers: forwarded },
    undefined,
  ],
  [
    'the third forwarded',
    { ranges: ['1.1.1.1'], source: { ipDepth: 3 } },
    { headers: forwarded },
    undefined,
  ],
  [
    'an address that is forwarded with its port',
    { ranges: ['1.1.1.1'], source: { ipDepth: 1 } },
    { headers: { 'X-Forwarded-For': '1.1.1.1:50123' } },
    undefined,
  ],
  [
    'one of IPv6 with its port',
    { ranges: ['2001:db8::1'], source: { ipDepth: 1 } },
    { headers: { 'X-Forwarded-For': '[2001:db8::1]:50123' } },
    undefined,
  ],
  [
    'none if there are not as many',
    { ranges: ['0.0.0.0/0', '::/0'], source: { ipDepth: 4 } },
    { headers: forwarded },
    403,
  ],
  [
    'the last that is not excluded',
    { ranges: ['1.1.1.1'], source: { ipExclude: ['10.0.0.0/8', '2.2.2.2'] } },
    { headers: forwarded },
    undefined,
  ],
  [
    'the first address of a network',
    { ranges: ['2001:db8::'], source: { ipv6Subnet: 48 } },
    { ip: '2001:db8:0:1::5' },
    undefined,
  ],
  [
    'an address itself unless a network is asked for',
    { ranges: ['2001:db8::'] },
    { ip: '2001:db8::5' },
    403,
  ],
  [
    'IPv4 whatever the network',
    { ranges: ['192.0.2.1'], source: { ipv6Subnet: 0 } },
    { ip: '::ffff:192.0.2.1' },
    undefined,
  ],
  [
    'what is no address at all',
    { ranges: ['0.0.0.0/0', '::/0'], source: { ipDepth: 1 } },
    { headers: { 'X-Forwarded-For': 'unknown' } },
    403,
  ],
] as const) {
  test(`allow-ip: ${what}: ${status ?? 'goes on'}`, async () => {
    expect(await statusOf({ allowIp: allow }, given)).toBe(status)
  })
}

test('only allowed hosts go on', async () => {
  const middleware = { allowHosts: ['Shop.test', 'bücher.test'] }
  const statuses = ['shop.test', 'xn--bcher-kva.test', 'evil.test'].map((host) =>
    statusOf(middleware, { host }),
  )
  expect(await Promise.all(statuses)).toEqual([undefined, undefined, 421])
})

/** A clock that a test moves. */
function clock() {
  let now = 1_000_000
  return {
    nowMs: () => now,
    wait: (ms: number) => {
      now += ms
    },
  }
}

test('a rate is a burst, and then so many in each period', async () => {
  const { nowMs, wait } = clock()
  const site = siteOf({ nowMs })
  const chain = chainOf([{ rateLimit: { average: 2, periodMs: 1000, burst: 3 } }], site)
  const ask = () => chain.begin(requestOf()).enter()
  expect([await ask(), await ask(), await ask()]).toEqual([undefined, undefined, undefined])
  expect(await ask()).toMatchObject({ status: 429, headers: ['Retry-After', '1'] })
  wait(499)
  expect(await ask()).toMatchObject({ status: 429 })
  wait(1)
  expect([await ask(), (await ask())?.status]).toEqual([undefined, 429])
  wait(60_000)
  const many = await Promise.all([ask(), ask(), ask(), ask()])
  expect(many.map((answer) => answer?.status)).toEqual([undefined, undefined, undefined, 429])
})

test('rates are counted by what they are to be counted by', async () => {
  const { nowMs } = clock()
  const perHeader = { average: 1, source: { header: 'X-Key' } }
  const chain = chainOf([{ rateLimit: perHeader }], siteOf({ nowMs }))
  const ask = async (key: string) =>
    (await chain.begin(requestOf({ headers: { 'X-Key': key } })).enter())?.status
  expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([undefined, undefined, 429])
})

const neighbours = ['2001:db8::1', '2001:DB8:0:0:9::', '2001:db8:0:1::1', '192.0.2.1', '192.0.2.2']

for (const [what, source, first] of [
  ['its /64', undefined, [0, 0, 2, 3, 4]],
  ['its /48', { ipv6Subnet: 48 }, [0, 0, 0, 3, 4]],
  ['its address', { ipv6Subnet: 128 }, [0, 1, 2, 3, 4]],
  ['nothing', { ipv6Subnet: 0 }, [0, 0, 0, 3, 4]],
  ['its /64, if a proxy tells it', { ipDepth: 1 }, [0, 0, 2, 3, 4]],
  ['its /64, behind proxies', { ipExclude: ['10.0.0.0/8'] }, [0, 0, 2, 3, 4]],
] as const) {
  test(`an IPv6 client is counted by ${what}, an IPv4 one by its address`, async () => {
    const { nowMs } = clock()
    const sites = [siteOf({ nowMs }), siteOf({ nowMs })]
    const [rate, running] = [
      chainOf([{ rateLimit: { average: 1, source } }], sites[0]),
      chainOf([{ inFlight: { amount: 1, source } }], sites[1]),
    ]
    const given = (at: number) => {
      const ip = neighbours[at] ?? ''
      return source && !('ipv6Subnet' in source)
        ? requestOf({ headers: { 'X-Forwarded-For': ip } })
        : requestOf({ ip })
    }
    for (const [at, of] of first.entries()) {
      const status = at === of ? undefined : 429
      for (const chain of [rate, running]) {
        expect((await chain.begin(given(at)).enter())?.status, neighbours[at]).toBe(status)
      }
    }
  })
}

test('an average of nought is no limit', async () => {
  const chain = chainOf([{ rateLimit: { average: 0 } }])
  const ask = () => chain.begin(requestOf()).enter()
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([undefined, undefined, undefined])
})

test('threads share one limit', async () => {
  const { nowMs } = clock()
  const share = newShare(2)
  const [here, there] = [0, 1].map((seat) =>
    chainOf(
      [{ rateLimit: { average: 1 } }, { inFlight: { amount: 1 } }],
      siteOf({ nowMs, share, seat }),
    ),
  )
  const [first, other] = ['192.0.2.1', '192.0.2.2'].map((ip) => requestOf({ ip }))
  if (!here || !there || !first || !other) throw new Error('nobody')
  expect(await here.begin(first).enter()).toBeUndefined()
  expect(await there.begin(first).enter()).toMatchObject({ status: 429 })
  expect(await there.begin(other).enter()).toBeUndefined()
})

test('more sources than there is room for: what is full again is forgotten, nothing fails', async () => {
  const { nowMs, wait } = clock()
  const chain = chainOf([{ rateLimit: { average: 10 } }], siteOf({ nowMs }))
  const ask = (source: number) => {
    const ip = `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`
    return chain.begin(requestOf({ ip })).enter()
  }
  let refused = 0
  for (let source = 0; source < 80_000; source++) {
    if (source % 100 === 0) wait(1)
    if (ask(source) !== undefined) refused++
  }
  expect(refused).toBe(0)
  const again = () => ask(79_999)
  expect(again()).toMatchObject({ status: 429 })
})

test('so many at a time, whatever becomes of them; each is counted once', async () => {
  const share = newShare(2)
  const chainAt = (seat: number) => chainOf([{ inFlight: { amount: 2 } }], siteOf({ share, seat }))
  const [here, there] = [chainAt(0), chainAt(1)]
  const [first, second, third] = [here, there, here].map((one) => one.begin(requestOf()))
  if (!first || !second || !third) throw new Error('nobody')
  expect([first.enter(), second.enter()]).toEqual([undefined, undefined])
  expect(third.enter()).toMatchObject({ status: 429 })
  third.done(429, false)
  first.done(200, false)
  first.done(undefined, false)
  const fourth = here.begin(requestOf())
  expect(fourth.enter()).toBeUndefined()
  expect(there.begin(requestOf()).enter()).toMatchObject({ status: 429 })
  expect(there.begin(requestOf({ ip: '192.0.2.9' })).enter()).toBeUndefined()
  // what a thread counted that is no more
  leaveSeat(share, 1)
  expect(here.begin(requestOf()).enter()).toBeUndefined()
})

test('a limit by host is one for all clients', async () => {
  const chain = chainOf([{ inFlight: { amount: 1, source: { host: true } } }])
  expect(chain.begin(requestOf()).enter()).toBeUndefined()
  expect(chain.begin(requestOf({ ip: '192.0.2.9' })).enter()).toMatchObject({ status: 429 })
})
