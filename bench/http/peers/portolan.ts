import { startEtcd, type Etcd } from '../../../test/e2e/etcd.ts'
import { eventually, type Running, startPortolan } from '../../../test/e2e/portolan.ts'

export const host = 'bench.localhost'
/** What wrk names in its handshake, whatever it is told to name in the request. */
export const tlsHost = '127.0.0.1'
/** Routes of other hosts beside the one that is asked for. */
const otherRoutes = 10_000
/** How many operations etcd takes in one transaction. */
const perTransaction = 100

export type WholeOptions = {
  readonly backend: number
  readonly echo: number
  readonly tcp: number
  readonly https: number
  /** A folder of certificates. */
  readonly certs: string
  readonly pin: readonly string[]
  readonly args?: readonly string[]
}

/**
 * The product as it is run: its own process with all roles, one worker, an etcd, and 10,000 routes of which one leads
 * to `backend`, one to `echo` (HTTP and TCP).
 */
export async function startWhole(options: WholeOptions): Promise<Running> {
  const { backend, echo, tcp, https, certs, pin, args = [] } = options
  await using stack = new AsyncDisposableStack()
  const etcd = stack.use(await startEtcd('bench-http-etcd'))
  await putAll(etcd, [
    ...Array.from({ length: otherRoutes }, (_, at) => route(`other-${at}`, otherRule(at), backend)),
    route('bench', `Host(\`${host}\`)`, backend),
    route('tls', `Host(\`${tlsHost}\`)`, backend, ['https']),
    route('messages', `Host(\`${host}\`) && Path(\`/echo\`)`, echo),
    tcpRoute('relay', echo),
  ])
  const flags = ['--node', 'bench', '--store', etcd.url, '--workers', '1', '--tcp', `relay=:${tcp}`]
  flags.push('--https', `127.0.0.1:${https}`, '--certs', certs)
  const portolan = stack.use(await startPortolan({ args: [...flags, ...args], under: pin }))
  await eventually(async () => (await portolan.view('routes')).length > otherRoutes, 60_000)
  const kept = stack.move()
  return { ...portolan, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

type Put = { readonly key: string; readonly value: string }

function route(name: string, rule: string, port: number, entrypoints = ['http']): Put {
  const endpoints = [{ protocol: 'http', ip: '127.0.0.1', port }]
  return entry(name, { v: 1, entrypoints, rule, endpoints })
}

function tcpRoute(name: string, port: number): Put {
  const endpoints = [{ protocol: 'tcp', ip: '127.0.0.1', port }]
  return entry(name, { v: 1, kind: 'tcp', entrypoints: [name], rule: 'HostSNI(`*`)', endpoints })
}

function otherRule(at: number): string {
  return `Host(\`shop-${at}.example.com\`)`
}

function entry(name: string, value: unknown): Put {
  return { key: `/portolan/routes/${name}`, value: JSON.stringify(value) }
}

/** By etcd's JSON gateway: a process for each of 10,000 keys would take minutes. */
async function putAll({ url }: Etcd, puts: readonly Put[]): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  for (let from = 0; from < puts.length; from += perTransaction) {
    const success = puts
      .slice(from, from + perTransaction)
      .map(({ key, value }) => ({ requestPut: { key: base64(key), value: base64(value) } }))
    const body = JSON.stringify({ success })
    const at = `${url.replace('etcd:', 'http:')}/v3/kv/txn`
    const answer = await fetch(at, { method: 'POST', body })
    if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`)
  }
}
