import { networkInterfaces } from 'node:os'

/** hosts.sh's settings for a bed that meets no other one on this machine: its name, and its first three octets. */
export type Place = { readonly BED: string; readonly BED_NET: string }

let taken = 0

/** A place for a bed of this process, so that tests may run beside other tests. */
export function freePlace(): Place {
  const used = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const isFree = (net: string) => !used.some(({ address }) => address.startsWith(`${net}.`))
  const nets = Array.from({ length: 512 }, (_, at) => netOf((process.pid * 7 + taken + at) % 512))
  const net = nets.find(isFree)
  if (net === undefined) throw new Error('every network for test beds is in use')
  // an interface is named after it, and has at most 15 characters
  return { BED: `bed${process.pid}${'abcdefgh'[taken++] ?? ''}`, BED_NET: net }
}

/** 198.18.0.0/15 is for tests of network devices (RFC 2544): no real traffic uses it. */
function netOf(number: number): string {
  return `198.${18 + Math.floor(number / 256)}.${number % 256}`
}
