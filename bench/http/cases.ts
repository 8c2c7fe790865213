import type { WrkRequest } from './load/wrk.ts'

/** Which proxies a case is run through; each of these names is one of `startPeers`. */
type PeerName = 'Portolan' | 'nginx' | 'nginx, 64 KiB buffers' | 'HAProxy' | 'http-proxy'

export type Case = {
  readonly name: string
  readonly what: string
  readonly request: WrkRequest
  readonly peers: readonly PeerName[]
  /** How many times a peer's CPU for each request Portolan may cost. */
  readonly targets: Partial<Record<PeerName, number>>
}

/** What a browser sends: 15 fields, 840 bytes in all. */
const browserFields = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Cache-Control': 'max-age=0',
  'Sec-Ch-Ua': '"Chromium";v="141", "Not?A_Brand";v="8"',
  'Sec-Ch-Ua-Mobile': '?0',
  'Sec-Ch-Ua-Platform': '"Linux"',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Upgrade-Insecure-Requests': '1',
  Referer: 'https://shop.example.com/category/shoes?page=2',
  Cookie: `session=${'a1b2c3d4'.repeat(8)}; theme=dark; consent=necessary; cart=${'9f8e7d6c'.repeat(4)}`,
}

const usual: readonly PeerName[] = ['Portolan', 'nginx', 'HAProxy']

export const cases: readonly Case[] = [
  {
    name: 'small',
    what: 'GET of 6 bytes',
    request: { path: '/small' },
    peers: [...usual, 'http-proxy'],
    targets: { nginx: 1.1, 'http-proxy': 0.3 },
  },
  {
    name: 'browser',
    what: 'GET of 6 bytes with the headers of a browser',
    request: { path: '/small', fields: browserFields },
    peers: usual,
    targets: { nginx: 1.1 },
  },
  {
    name: 'post',
    what: 'POST of 10 KiB',
    request: { path: '/take', bodyBytes: 10_240 },
    peers: usual,
    targets: { nginx: 1.2 },
  },
  {
    name: 'large',
    what: 'GET of 100 KiB',
    request: { path: '/100k' },
    peers: [...usual, 'nginx, 64 KiB buffers'],
    targets: { 'nginx, 64 KiB buffers': 1, HAProxy: 1 },
  },
]
