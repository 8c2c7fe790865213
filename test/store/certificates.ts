import { execFile } from 'node:child_process'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** PEM texts, and a folder that has them too: `ca.pem`, and `other.pem` of an authority that has signed nothing. */
export type Certificates = AsyncDisposable & {
  readonly folder: string
  readonly ca: string
  readonly otherCa: string
  readonly cert: string
  readonly key: string
}

/** A certificate for `localhost` and these addresses, by an authority of its own. */
export async function certificates(ips: readonly string[]): Promise<Certificates> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await mkdtempDisposable(join(tmpdir(), 'portolan-'))).path
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  for (const name of ['ca', 'other']) {
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2']
    await openssl('req', '-x509', ...key, ...out, '-subj', `/CN=${name}`)
  }
  await openssl('req', ...key, '-keyout', 'key.pem', '-out', 'csr', '-subj', '/CN=etcd')
  const names = ['DNS:localhost', ...ips.map((ip) => `IP:${ip}`)]
  await writeFile(join(folder, 'names'), `subjectAltName=${names.join(',')}`)
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  await openssl('x509', '-req', '-in', 'csr', '-out', 'cert.pem', '-days', '2', ...sign)
  const texts = { ca: await read('ca.pem'), otherCa: await read('other.pem') }
  const own = { cert: await read('cert.pem'), key: await read('key.pem') }
  const kept = cleanup.move()
  return { folder, ...texts, ...own, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
