import { BlockList } from 'node:net'

import { expect, test } from 'vitest'

import { networkOf } from '../../src/core/ipv6.ts'
import { seeded } from '../registrator/labels-at-random.ts'

for (const [address, bits, network] of [
  ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2:0:0:0:0'],
  ['2001:DB8:1:2::9', 64, '2001:db8:1:2:0:0:0:0'],
  ['2001:db8:1:2:3:4:5:6', 52, '2001:db8:1:0:0:0:0:0'],
  ['2001:db8:1:ffff::', 52, '2001:db8:1:f000:0:0:0:0'],
  ['2001:db8::', 128, '2001:db8:0:0:0:0:0:0'],
  ['::1', 127, '0:0:0:0:0:0:0:0'],
  ['::1', 0, '0:0:0:0:0:0:0:0'],
  ['fe80::1%eth0', 128, 'fe80:0:0:0:0:0:0:1'],
  ['64:ff9b::192.0.2.1', 128, '64:ff9b:0:0:0:0:c000:201'],
  ['::ffff:192.0.2.1', 64, '192.0.2.1'],
  ['::FFFF:c000:0201', 0, '192.0.2.1'],
  ['192.0.2.1', 0, '192.0.2.1'],
  ['[2001:db8::1]:80', 64, '[2001:db8::1]:80'],
  ['2001:db8::1::2', 64, '2001:db8::1::2'],
  ['unknown', 64, 'unknown'],
  ['', 64, ''],
] as const) {
  test(`the network of ${JSON.stringify(address)} by ${bits} bits`, () => {
    expect(networkOf(address, bits)).toBe(network)
  })
}

/** One of the ways to write an address. */
function written(groups: readonly number[], random: () => number): string {
  const texts = groups.map((group) => group.toString(16).padStart(random() < 0.5 ? 4 : 1, '0'))
  const [gap, length] = [Math.floor(random() * 7), 1 + Math.floor(random() * 2)]
  const isGap = groups.slice(gap, gap + length).every((group) => group === 0)
  const [left, right] = [texts.slice(0, gap), texts.slice(gap + length)]
  const text = isGap ? `${left.join(':')}::${right.join(':')}` : texts.join(':')
  return random() < 0.5 ? text.toUpperCase() : text
}

test('whatever is in a network has its name, however it is written, and nothing else has', () => {
  const random = seeded(7)
  const group = () => (random() < 0.3 ? 0 : Math.floor(random() * 0x10000))
  const tally = { inside: 0, outside: 0 }
  for (let round = 0; round < 2000; round++) {
    const bits = Math.floor(random() * 129)
    const groups = [0x2000 + Math.floor(random() * 0x2000), ...Array.from({ length: 7 }, group)]
    const one = written(groups, random)
    const list = new BlockList()
    list.addSubnet(one, bits, 'ipv6')
    // one bit differs, anywhere
    const at = Math.floor(random() * 128)
    const other = groups.with(at >> 4, (groups[at >> 4] ?? 0) ^ (0x8000 >> (at & 15)))
    const isIn = list.check(written(other, random), 'ipv6')
    tally[isIn ? 'inside' : 'outside']++
    const [mine, its] = [networkOf(one, bits), networkOf(written(other, random), bits)]
    expect(its === mine, `${one}/${bits} and bit ${at}`).toBe(isIn)
    expect(networkOf(written(groups, random), bits)).toBe(mine)
    expect(list.check(mine, 'ipv6')).toBe(true)
  }
  expect(Math.min(tally.inside, tally.outside)).toBeGreaterThan(500)
})
