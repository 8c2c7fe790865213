import { afterAll, beforeAll } from 'vitest'

import { readCertificate } from '../../src/certs/read.ts'
import type { Certificate } from '../../src/core/certificate.ts'
import { authority } from './authority.ts'

const limitMs = 180_000

/** An authority for the tests of one file, which is there when they begin. */
export function ownAuthority() {
  let own: Awaited<ReturnType<typeof authority>>
  beforeAll(async () => {
    own = await authority()
  }, limitMs)
  afterAll(() => own[Symbol.asyncDispose]())
  return {
    /** PEM, for clients to trust. */
    get ca() {
      return own.ca
    },
    /** A certificate called `name`, which is its common name as well, good for `hosts`. */
    async made(name: string, ...hosts: readonly string[]): Promise<Certificate> {
      const names = hosts.map((one) => `DNS:${one}`)
      const { cert, key } = await own.certificate({ names, common: name })
      return readCertificate({ name, source: 'folder' }, { chain: cert, key })
    },
  }
}

/** The same with one certificate, `name`. */
export function ownCertificate(name: string, ...hosts: readonly string[]) {
  const own = ownAuthority()
  let certificate: Certificate
  beforeAll(async () => {
    certificate = await own.made(name, ...hosts)
  }, limitMs)
  return {
    get ca() {
      return own.ca
    },
    get certificate() {
      return certificate
    },
  }
}
