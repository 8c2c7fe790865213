import { expect, test } from 'vitest'

import { addressOf } from '../../src/core/address.ts'
import type { Address } from '../../src/core/instance.ts'
import type { Vantage } from '../../src/core/vantage.ts'
import { instance, place } from './samples.ts'

const bridge = { network: 'shop', ip: '172.18.0.3' }
const closed = { network: 'shop', ip: '172.18.0.3', internal: true as const }
const overlay = { network: 'all', ip: '10.0.1.2', driver: 'overlay', id: 'ov1' }
const macvlan = { network: 'lan', ip: '192.168.1.50', driver: 'macvlan' }
const ipvlan = { network: 'lan', ip: '192.168.1.50', driver: 'ipvlan' }
const dummy = { network: 'lan', ip: '192.168.1.50', driver: 'macvlan', internal: true as const }
const plugin = { network: 'weave', ip: '10.32.0.2', driver: 'weave' }
const published = { ip: '0.0.0.0', port: 32_768 }

const host: Vantage = { node: 'h1', place: { kind: 'host' }, containersUnreachable: false }
const gateways = ['172.18.0.1']
const at = (fields: Parameters<typeof place>[0]): Vantage => ({ ...host, place: place(fields) })
const onBridge = at({ networks: ['shop'], gateways })
const onOverlay = at({ networks: ['all'], overlays: ['ov1'] })
const onOther = at({ networks: ['edge'], overlays: ['ov2'], gateways })
const onMacvlan = at({ networks: ['lan'], reaches: { host: false, lan: true } })
const onInternal = at({ networks: ['shop'], reaches: { host: false, lan: false } })
const remote: Vantage = { ...host, containersUnreachable: true, engineHost: '198.18.80.11' }
const desktop: Vantage = { ...host, containersUnreachable: true }

/** What `vantage` connects to, when the container is on `node` and has these addresses. */
function chosen(
  vantage: Vantage,
  node: string,
  addresses: readonly Address[],
  port?: typeof published | null,
  network: string | null = null,
) {
  const one = instance({ node, addresses: [...addresses], published: port ?? null, network })
  return addressOf(one, vantage, '192.0.2.7')
}

for (const [name, vantage, node, addresses, port, expected] of [
  ['on the host: an internal bridge', host, 'h1', [closed], null, '172.18.0.3:3000'],
  ["on the host: a plug-in's network", host, 'h1', [plugin], null, '10.32.0.2:3000'],
  ['on the host: never overlay', host, 'h1', [overlay, bridge], null, '172.18.0.3:3000'],
  ['on the host: overlay, published', host, 'h1', [overlay], published, '127.0.0.1:32768'],
  ['on the host: overlay alone', host, 'h1', [overlay], null, undefined],
  ['on the host: its own macvlan', host, 'h1', [macvlan], null, undefined],
  ['on the host: its own ipvlan', host, 'h1', [ipvlan], null, undefined],
  ['on the host: macvlan and a bridge', host, 'h1', [macvlan, bridge], null, '172.18.0.3:3000'],
  ["on the host: another's macvlan", host, 'h2', [macvlan], null, '192.168.1.50:3000'],
  ["on the host: another's ipvlan", host, 'h2', [ipvlan], null, '192.168.1.50:3000'],
  ["on the host: another's, cut off", host, 'h2', [dummy], null, undefined],
  ["on the host: another's overlay", host, 'h2', [overlay], null, undefined],
  ["on the host: another's, published", host, 'h2', [macvlan], published, '192.0.2.7:32768'],
  ['on an overlay network: own node', onOverlay, 'h1', [overlay], null, '10.0.1.2:3000'],
  ['on an overlay network: another node', onOverlay, 'h2', [overlay], null, '10.0.1.2:3000'],
  ['before what is published', onOverlay, 'h2', [overlay], published, '10.0.1.2:3000'],
  ['on another overlay network', onOther, 'h2', [overlay], null, undefined],
  ['and published', onOther, 'h2', [overlay], published, '192.0.2.7:32768'],
  ['on no bridge: published at our node', onOverlay, 'h1', [bridge], published, '192.0.2.7:32768'],
  ['the same macvlan, own node', onMacvlan, 'h1', [macvlan], null, '192.168.1.50:3000'],
  ['on macvlan: another node', onMacvlan, 'h2', [macvlan], null, '192.168.1.50:3000'],
  ['on macvlan: not its own host', onMacvlan, 'h1', [bridge], published, undefined],
  ['on macvlan: another host', onMacvlan, 'h2', [bridge], published, '192.0.2.7:32768'],
  ['on a bridge: macvlan of the same host', onBridge, 'h1', [macvlan], null, undefined],
  ['on a bridge: macvlan of another', onBridge, 'h2', [macvlan], null, '192.168.1.50:3000'],
  ['an internal network in common', onInternal, 'h1', [closed], null, '172.18.0.3:3000'],
  ['the same name elsewhere is no network in common', onInternal, 'h2', [closed], null, undefined],
  ['on an internal network: no port of any host', onInternal, 'h2', [bridge], published, undefined],
  ['nor an address of the LAN', onInternal, 'h2', [macvlan], null, undefined],
  ['an engine elsewhere: its macvlan', remote, 'h1', [macvlan], null, '192.168.1.50:3000'],
  ['Docker Desktop: macvlan', desktop, 'h1', [macvlan], null, undefined],
] as const) {
  test(`${name}: ${expected ?? 'nowhere'}`, () => {
    const found = chosen(vantage, node, addresses, port)
    expect(found.ok ? `${found.ip}:${found.port}` : undefined).toBe(expected)
  })
}

test('a label that names the macvlan network goes before the published port', () => {
  const found = chosen(host, 'h2', [bridge, macvlan], published, 'lan')
  expect(found).toMatchObject({ ip: '192.168.1.50' })
  expect(chosen(host, 'h2', [bridge, macvlan], published, 'shop')).toMatchObject({ port: 32_768 })
})

for (const [vantage, node, addresses, why] of [
  [onOverlay, 'h2', [overlay], 'container address on all (overlay): an overlay network in common'],
  [host, 'h2', [macvlan], "container address on lan (macvlan): an address of its node's LAN"],
  [host, 'h1', [macvlan, bridge], 'container address on shop: we run on its host'],
] as const) {
  test(`it says why: ${why}`, () => {
    expect(chosen(vantage, node, addresses)).toMatchObject({ ok: true, why })
  })
}

for (const [name, vantage, node, addresses, why, remedy] of [
  [
    'its own macvlan',
    host,
    'h1',
    [macvlan],
    'a host does not reach the addresses of such networks of its own (lan (macvlan))',
    'put it on a bridge network as well (compose: networks: [default, lan]), or run Portolan in a container on lan',
  ],
  [
    'overlay from its host',
    host,
    'h1',
    [overlay],
    /all \(overlay\)\) and port 3000 is not published for us/,
    /, or run Portolan in a container on all, or publish port 3000 \(compose: ports: \["3000"\]\)$/,
  ],
  [
    'overlay from a bridge',
    onBridge,
    'h1',
    [overlay],
    /ours: shop; its: all \(overlay\)/,
    /put it on shop, or put Portolan on all .*needs attachable: true/,
  ],
  [
    'an internal network that is not ours: nothing can be published there',
    at({ networks: ['edge'], gateways }),
    'h1',
    [closed],
    'no network in common (ours: edge; its: shop (internal))',
    'put it on edge, or put Portolan on shop (compose: networks, external: true)',
  ],
  [
    'another node, closed networks only',
    host,
    'h2',
    [dummy],
    /on node h2, on networks that only those on them reach \(lan \(macvlan, internal\)\)/,
    /put it on a bridge network as well and publish port 3000/,
  ],
  [
    'another node, we on an internal network',
    onInternal,
    'h2',
    [bridge],
    'it is on node h2, and our networks (shop) are internal',
    /put Portolan on a network that is not internal/,
  ],
] as const) {
  test(`what to write: ${name}`, () => {
    const found = chosen(vantage, node, addresses)
    if (found.ok) throw new Error(`it is reached at ${found.ip}`)
    expect(found.why).toEqual(typeof why === 'string' ? why : expect.stringMatching(why))
    expect(found.remedy).toEqual(
      typeof remedy === 'string' ? remedy : expect.stringMatching(remedy),
    )
  })
}
