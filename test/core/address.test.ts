import { expect, test } from 'vitest'

import { addressOf } from '../../src/core/address.ts'
import type { Vantage } from '../../src/core/vantage.ts'
import { instance, place } from './samples.ts'

const onHost: Vantage = { node: 'h1', place: { kind: 'host' }, containersUnreachable: false }
const desktop: Vantage = { ...onHost, containersUnreachable: true }
const inContainer: Vantage = {
  node: 'h1',
  place: place({ networks: ['edge', 'shop_default'], gateways: ['172.18.0.1'] }),
  containersUnreachable: false,
}
const remote: Vantage = { ...desktop, engineHost: '198.18.80.11' }
const nothing = { host: false, lan: false }
const elsewhere = { node: 'h2' }
const published = { ip: '0.0.0.0', port: 32_768 }
const two = [
  { network: 'b_net', ip: '10.1.0.2' },
  { network: 'a_net', ip: 'fd00::2' },
  { network: 'a_net', ip: '10.0.0.2' },
]

type Fields = Omit<Parameters<typeof instance>[0] & object, 'addresses'> & {
  readonly addresses?: readonly { readonly network: string; readonly ip: string }[]
}
const withAddresses = ({ addresses, ...rest }: Fields) =>
  addresses ? { ...rest, addresses: [...addresses] } : rest

for (const [name, fields, vantage, advertised, expected] of [
  ['own host: the container address', {}, onHost, '', '172.18.0.3:3000'],
  ['several networks: lowest name, IPv4 first', { addresses: two }, onHost, '', '10.0.0.2:3000'],
  ['a label names the network', { addresses: two, network: 'b_net' }, onHost, '', '10.1.0.2:3000'],
  ['a network in common', {}, inContainer, '', '172.18.0.3:3000'],
  [
    'none in common, published: our gateway',
    { addresses: two, published },
    inContainer,
    '9.9.9.9',
    '172.18.0.1:32768',
  ],
  ['rootless or Desktop: published on this host', { published }, desktop, '', '127.0.0.1:32768'],
  [
    'published on one address',
    { published: { ip: '10.9.9.9', port: 80 } },
    desktop,
    '',
    '10.9.9.9:80',
  ],
  [
    'another node: published at its address',
    { ...elsewhere, published },
    onHost,
    '192.0.2.7',
    '192.0.2.7:32768',
  ],
  [
    'published on all IPv6 addresses only',
    { published: { ip: '::', port: 80 } },
    desktop,
    '',
    '::1:80',
  ],
  [
    'published on loopback, we on the host',
    { published: { ip: '127.0.0.1', port: 80 } },
    desktop,
    '',
    '127.0.0.1:80',
  ],
  [
    "a container in the host's network, we on the host",
    { addresses: [], published: { ip: '0.0.0.0', port: 3000 } },
    onHost,
    '',
    '127.0.0.1:3000',
  ],
  [
    "a container in the host's network, we in another container",
    { addresses: [], published: { ip: '0.0.0.0', port: 3000 } },
    inContainer,
    '',
    '172.18.0.1:3000',
  ],
  [
    'IPv6 only, a network in common',
    { addresses: [{ network: 'edge', ip: 'fd00::2' }] },
    inContainer,
    '',
    'fd00::2:3000',
  ],
  ['an engine elsewhere: its host', { published }, remote, '192.0.2.7', '198.18.80.11:32768'],
  [
    'an engine elsewhere, published on one of its addresses',
    { published: { ip: '198.18.80.12', port: 80 } },
    remote,
    '',
    '198.18.80.12:80',
  ],
  [
    'our only network is internal: no gateway, but a network in common',
    {},
    { ...inContainer, place: place({ networks: ['shop_default'], reaches: nothing }) },
    '',
    '172.18.0.3:3000',
  ],
  ['IPv6 only', { addresses: [{ network: 'a', ip: 'fd00::2' }] }, onHost, '', 'fd00::2:3000'],
] as const) {
  test(`address: ${name}`, () => {
    const chosen = addressOf(instance(withAddresses(fields)), vantage, advertised)
    expect(chosen.ok && `${chosen.ip}:${chosen.port}`).toBe(expected)
  })
}

for (const [name, fields, vantage, advertised, words] of [
  [
    'no network in common, not published',
    { addresses: two },
    inContainer,
    '',
    /edge, shop_default.*b_net/,
  ],
  [
    'published on loopback only, we in a container',
    { addresses: two, published: { ip: '127.0.0.1', port: 80 } },
    inContainer,
    '',
    /not published for us/,
  ],
  ['Desktop or rootless, not published', {}, desktop, '', /outside this engine can't be reached/],
  ['an engine elsewhere, not published', {}, remote, '', /engine at 198\.18\.80\.11 can't/],
  [
    'an engine elsewhere, published on its loopback',
    { published: { ip: '127.0.0.1', port: 80 } },
    remote,
    '',
    /not published for us/,
  ],
  ['no network at all', { addresses: [] }, inContainer, '', /its: none/],
  [
    'our network is internal and has no gateway',
    { addresses: two, published },
    { ...inContainer, place: place({ networks: ['edge'], reaches: nothing }) },
    '9.9.9.9',
    /no network in common \(ours: edge/,
  ],
  [
    'another node, its address not known',
    { ...elsewhere, published },
    onHost,
    '',
    /address is not known/,
  ],
  ['another node, not published', elsewhere, onHost, '192.0.2.7', /not published on node h2/],
  [
    'the network of the label is not ours',
    { addresses: two, network: 'c_net' },
    inContainer,
    '',
    /no network in common/,
  ],
] as const) {
  test(`no address: ${name}`, () => {
    const chosen = addressOf(instance(withAddresses(fields)), vantage, advertised)
    expect(chosen.ok).toBe(false)
    expect(!chosen.ok && chosen.why).toMatch(words)
    expect(!chosen.ok && chosen.remedy).toMatch(/publish|network/)
  })
}

test('the remedy is what to write: both networks, or the port', () => {
  const chosen = addressOf(instance(withAddresses({ addresses: two })), inContainer, '')
  expect(!chosen.ok && chosen.remedy).toBe(
    'put it on edge, or put Portolan on b_net (compose: networks, external: true), or publish port 3000 (compose: ports: ["3000"])',
  )
  const misnamed = addressOf(instance({ network: 'default' }), inContainer, '')
  expect(!misnamed.ok && misnamed.remedy).toMatch(/names network default.*shop_default/)
})
