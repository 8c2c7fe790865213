import { execFile } from 'node:child_process'
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type Made = { readonly cert: string; readonly key: string }

/** `names` as openssl takes them: `DNS:a.test`, `IP:127.0.0.1`. Days may be negative: it has expired. */
export type Wanted = {
  readonly names?: readonly string[]
  readonly common?: string
  readonly from?: Date
  readonly days?: number
}

const dayMs = 86_400_000

/** An authority that clients of a test trust by `ca`, and certificates of it. */
export async function authority() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'portolan-ca-')))
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const own = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority']
  await openssl(folder.path, 'req', '-x509', ...key, ...own, '-days', '3650')
  let made = 0

  async function certificate(wanted: Wanted = {}): Promise<Made> {
    const { names = [], common = 'made for a test', days = 90, from = new Date() } = wanted
    const cwd = join(folder.path, String(++made))
    await mkdir(cwd)
    await openssl(cwd, 'req', ...key, '-keyout', 'key', '-out', 'csr', '-subj', `/CN=${common}`)
    const start = days < 0 ? new Date(from.getTime() + (days - 1) * dayMs) : from
    const end = new Date(from.getTime() + days * dayMs)
    const ext = names.length > 0 ? `subjectAltName=${names.join(',')}` : 'keyUsage=digitalSignature'
    await writeFile(join(cwd, 'ext'), ext)
    await writeFile(join(cwd, 'index'), '')
    await writeFile(join(cwd, 'serial'), `${1000 + made}\n`)
    await writeFile(join(cwd, 'ca.cnf'), config)
    const dates = ['-startdate', stamp(start), '-enddate', stamp(end)]
    const files = ['-in', 'csr', '-out', 'cert', '-extfile', 'ext']
    await openssl(cwd, 'ca', '-batch', '-notext', '-config', 'ca.cnf', ...dates, ...files)
    const [cert, secret] = await Promise.all(
      ['cert', 'key'].map((file) => readFile(join(cwd, file), 'utf8')),
    )
    return { cert: cert ?? '', key: secret ?? '' }
  }

  const ca = await readFile(join(folder.path, 'ca.pem'), 'utf8')
  const kept = stack.move()
  return { ca, certificate, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** `openssl x509` of some releases takes no dates, `openssl ca` always did. */
const config = `[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
certificate = ../ca.pem
private_key = ../ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
`

function openssl(cwd: string, ...args: readonly string[]) {
  return promisify(execFile)('openssl', args, { cwd })
}

function stamp(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`
}
