import type { ProxyVersion } from '../tcp/proxy-announce.ts'

/** Where a check goes, and whether connections to there begin with a header of the PROXY protocol. */
export type Place = {
  readonly ip: string
  readonly port: number
  readonly proxyProtocol: ProxyVersion | null
  /** How requests are sent there; undefined: nobody has said. */
  readonly protocol?: 'http' | 'https' | 'h2c'
}

/** What one check found, and how in words. */
export type Found = { readonly passed: boolean; readonly why: string }
