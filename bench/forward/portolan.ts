import { startEtcd } from '../../test/e2e/etcd.ts'
import { eventually, startPortolan } from '../../test/e2e/portolan.ts'
import type { Peer } from './peers.ts'

/**
 * The product as it is run: its own process with all its roles, an etcd, and one hand-written route to `backend`.
 * `pin` goes before its command.
 */
export async function startWhole(backend: number, pin: readonly string[]): Promise<Peer> {
  await using stack = new AsyncDisposableStack()
  const etcd = stack.use(await startEtcd('bench-forward-etcd'))
  const route = {
    v: 1,
    entrypoints: ['http'],
    rule: 'Host(`bench.localhost`)',
    endpoints: [{ protocol: 'http', ip: '127.0.0.1', port: backend }],
  }
  await etcd.ctl('put', '/portolan/routes/bench', JSON.stringify(route))
  const args = ['--node', 'bench', '--store', etcd.url]
  const portolan = stack.use(await startPortolan({ args, under: pin }))
  await eventually(async () => (await portolan.view('routes')).some(({ name }) => name === 'bench'))
  const kept = stack.move()
  return {
    name: 'Portolan',
    port: Number(new URL(portolan.proxyUrl).port),
    pid: portolan.process.pid ?? 0,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
