import { fileURLToPath } from 'node:url'

import { freePort } from '../../../test/e2e/portolan.ts'
import { type Child, node, type Pin, startServer } from '../children.ts'
import { startHaproxy } from './haproxy.ts'
import { backend, reverseProxy, startNginx } from './nginx.ts'
import { startWhole } from './portolan.ts'

/** A proxy that runs, as one process, before the same backend as all others. */
export type Peer = {
  readonly name: string
  readonly pid: number
  readonly httpPort: number
  /** Its relay to the echo server. */
  readonly tcpPort: number | undefined
}

export type World = {
  readonly backendPort: number
  readonly peers: ReadonlyMap<string, Peer>
}

/** nginx with buffers that hold a whole large answer, as who knows it sets them. */
const largeBuffers = 'proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k;'

/** Starts backend and proxies, and adds each to `stack`: all proxies on one core, what they lead to on the other. */
export async function startWorld(pin: Pin, stack: AsyncDisposableStack): Promise<World> {
  const [proxies, others] = [pin(0), pin(1)]
  const backendPort = await freePort()
  stack.use(await startNginx(backend(backendPort), backendPort, others))
  const echo = stack.use(
    await startServer([...others, ...node(new URL('../load/echo.ts', import.meta.url))]),
  )
  const peers = new Map<string, Peer>()
  const add = (name: string, child: Child, httpPort: number, tcpPort?: number) => {
    stack.use(child)
    peers.set(name, { name, pid: child.pid, httpPort, tcpPort })
  }
  for (const [name, extra] of [
    ['nginx', ''],
    ['nginx, 64 KiB buffers', largeBuffers],
  ] as const) {
    const port = await freePort()
    const http = reverseProxy({ port, backend: backendPort, echo: echo.port }, extra)
    add(name, await startNginx(http, port, proxies), port)
  }
  const ports = { http: await freePort(), tcp: await freePort() }
  add('HAProxy', await startHaproxy(ports, backendPort, echo.port, proxies), ports.http, ports.tcp)
  const script = fileURLToPath(new URL('../bare.ts', import.meta.url))
  // http-proxy calls what Node 26 warns of
  const bare = [process.execPath, '--disable-warning=DEP0060', script, String(backendPort)]
  const older = await startServer([...proxies, ...bare])
  add('http-proxy', older, older.port)
  const tcp = await freePort()
  const whole = stack.use(
    await startWhole({ backend: backendPort, echo: echo.port, tcp, pin: proxies }),
  )
  const httpPort = Number(new URL(whole.proxyUrl).port)
  const pid = whole.process.pid ?? 0
  peers.set('Portolan', { name: 'Portolan', pid, httpPort, tcpPort: tcp })
  return { backendPort, peers }
}
