import { execFile } from 'node:child_process'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A certificate of this name, which nobody trusts. */
export async function selfSigned(name: string) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-tcp-'))
  const { path: cwd } = folder
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const out = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', `/CN=${name}`]
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...out], { cwd })
  const read = (file: string) => readFile(join(cwd, file), 'utf8')
  return { key: await read('key.pem'), cert: await read('cert.pem') }
}
