import { messageOf } from '../../core/errors.ts'
import type { Problem } from '../../core/problems.ts'
import type { Listener } from '../listener.ts'

/** `folder`: where certificates are looked for. */
export function withoutCertificate({ entrypoint }: Listener, folder: string | undefined): Problem {
  const store = 'the key certificates/NAME of the store'
  return {
    // where nobody has spoken of certificates it is just so
    severity: folder === undefined ? 'note' : 'warning',
    where: `setting --${entrypoint}`,
    what: `entrypoint ${entrypoint} is closed`,
    why: 'there is no certificate; it opens with the first one, or a route that passes TLS on',
    remedy:
      folder === undefined
        ? `name a folder that has one with --certs, put one into ${store}, or set --${entrypoint} off`
        : `put NAME.crt and NAME.key into ${folder}, or one into ${store}`,
  }
}

/** The first certificate has come, and its port can't be had. */
export function notOpen({ entrypoint }: Listener, error: unknown): Problem {
  return {
    severity: 'error',
    where: `setting --${entrypoint}`,
    what: `entrypoint ${entrypoint} is not open`,
    why: messageOf(error),
    remedy: 'free its port, or choose another one; it is tried again all the time',
  }
}
