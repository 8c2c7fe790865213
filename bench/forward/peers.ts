import { fileURLToPath } from 'node:url'

import { has, startServer } from './children.ts'
import { startNginx } from './nginx.ts'
import { startWhole } from './portolan.ts'

/** A proxy that runs, in one process, and forwards what comes to `port` on loopback. */
export type Peer = AsyncDisposable & {
  readonly name: string
  readonly port: number
  readonly pid: number
}

/** Starts one after the other and adds each to `stack`; the first is what the others are compared with. */
export async function startPeers(
  backend: number,
  pin: readonly string[],
  stack: AsyncDisposableStack,
): Promise<Peer[]> {
  const peers = [
    stack.use(await startBare('http-proxy', backend, pin)),
    stack.use(await startBare('http-proxy-3', backend, pin)),
    stack.use(await startWhole(backend, pin)),
  ]
  if (await has('nginx')) peers.push(stack.use(await startNginx(backend, pin)))
  else console.log('peer not installed: nginx')
  return peers
}

async function startBare(name: string, backend: number, pin: readonly string[]): Promise<Peer> {
  const script = fileURLToPath(new URL('bare.ts', import.meta.url))
  // http-proxy calls what Node 26 warns of
  const node = [process.execPath, '--disable-warning=DEP0060']
  const server = await startServer([...pin, ...node, script, name, String(backend)])
  return { ...server, name: `${name}, bare` }
}
