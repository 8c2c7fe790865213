import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

import type { Certificate } from '../core/certificate.ts'
import { messageOf, PortolanError } from '../core/errors.ts'

/** What a certificate is made of. */
export type Pem = { readonly chain: string; readonly key: string }

/**
 * Reads and checks one certificate. Throws `bad-value`: what is wrong, and after a semicolon the remedy; no word of it
 * comes from the key.
 */
export function readCertificate(
  { name, source }: Pick<Certificate, 'name' | 'source'>,
  { chain, key }: Pem,
): Certificate {
  const leaf = leafOf(chain)
  if (!leaf.checkPrivateKey(keyOf(key))) {
    throw bad(
      'certificate and key do not belong together; put the pair there that was made at once',
    )
  }
  try {
    createSecureContext({ cert: chain, key })
  } catch (cause) {
    throw bad(`OpenSSL does not take it (${reasonOf(cause)}); make a new one`)
  }
  return {
    name,
    source,
    names: namesOf(leaf),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    fingerprint: createHash('sha256').update(`${chain}\n${key}`).digest('hex'),
    chain,
    key,
  }
}

/** `chain` with what stands in `more`, if that is what it lacks. */
export function withIssuers(chain: string, more: string): string {
  const isWhole = chain.split('-----BEGIN CERTIFICATE-----').length > 2
  if (isWhole || !more.includes('-----BEGIN CERTIFICATE-----')) return chain
  return leafOf(chain).checkIssued(leafOf(more)) ? `${chain.trimEnd()}\n${more}` : chain
}

function leafOf(chain: string): X509Certificate {
  try {
    return new X509Certificate(chain)
  } catch (cause) {
    throw bad(`the certificate can not be read (${reasonOf(cause)}); it has to be PEM`)
  }
}

function keyOf(text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw bad('the key has a passphrase; take it off with openssl pkey -in OLD -out NEW')
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw bad('the key can not be read; it has to be PEM, without a passphrase')
  }
}

/** Of its alternative names those of DNS; the common name only if there are none at all. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  if (subjectAltName === undefined) {
    const common = /^CN=([\w*.-]+)$/m.exec(subject ?? '')?.[1]
    return common === undefined ? [] : [common.toLowerCase()]
  }
  // what needs quotes is no host name, and may look like several
  const plain = subjectAltName.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
  const names = [...plain.matchAll(/(?:^|, )DNS:([^,\s]+)/g)].map(([, name = '']) => name)
  return [...new Set(names.map((name) => name.toLowerCase()))]
}

function bad(message: string): PortolanError {
  return new PortolanError('bad-value', message)
}

/** OpenSSL's own words: `error:0480006C:PEM routines::no start line` ends with what people can read. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/^error:.*:(?=[^:]+$)/, '')
}
