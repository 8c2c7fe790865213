import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { authority } from '../../../test/certs/authority.ts'
import { freePort } from '../../../test/free-port.ts'
import { type Child, node, type Pin, startServer } from '../children.ts'
import { startHaproxy } from './haproxy.ts'
import { backend, reverseProxy, startNginx } from './nginx.ts'
import { host, startWhole } from './portolan.ts'

/** A proxy that runs, as one process, before the same backend as all others. */
export type Peer = {
  readonly name: string
  readonly pid: number
  readonly httpPort: number
  readonly httpsPort: number | undefined
  /** Its relay to the echo server. */
  readonly tcpPort: number | undefined
}

type Ports = { readonly httpPort: number; readonly httpsPort?: number; readonly tcpPort?: number }

const noPorts = { httpsPort: undefined, tcpPort: undefined }

export type World = {
  readonly backendPort: number
  readonly peers: ReadonlyMap<string, Peer>
}

/** nginx with buffers that hold a whole large answer, as who knows it sets them. */
const largeBuffers = 'proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k;'

/** Starts backend and proxies, and adds each to `stack`: all proxies on one core, what they lead to on the other. */
export async function startWorld(pin: Pin, stack: AsyncDisposableStack): Promise<World> {
  const [proxies, others] = [pin(0), pin(1)]
  const certs = await certificates(stack)
  const backendPort = await freePort()
  stack.use(await startNginx(backend(backendPort), backendPort, others))
  const echo = stack.use(
    await startServer([...others, ...node(new URL('../load/echo.ts', import.meta.url))]),
  )
  const peers = new Map<string, Peer>()
  const add = (name: string, child: Child, ports: Ports) => {
    stack.use(child)
    peers.set(name, { name, pid: child.pid, ...noPorts, ...ports })
  }
  for (const [name, extra] of [
    ['nginx', ''],
    ['nginx, 64 KiB buffers', largeBuffers],
  ] as const) {
    const port = await freePort()
    const ports = { http: port, https: await freePort(), backend: backendPort, echo: echo.port }
    const http = reverseProxy(ports, certs, extra)
    add(name, await startNginx(http, port, proxies), { httpPort: port, httpsPort: ports.https })
  }
  const ports = { http: await freePort(), tcp: await freePort() }
  const haproxy = await startHaproxy(ports, backendPort, echo.port, proxies)
  add('HAProxy', haproxy, { httpPort: ports.http, tcpPort: ports.tcp })
  const script = fileURLToPath(new URL('../bare.ts', import.meta.url))
  // http-proxy calls what Node 26 warns of
  const bare = [process.execPath, '--disable-warning=DEP0060', script, String(backendPort)]
  const older = await startServer([...proxies, ...bare])
  add('http-proxy', older, { httpPort: older.port })
  const [tcp, https] = [await freePort(), await freePort()]
  const whole = stack.use(
    await startWhole({ backend: backendPort, echo: echo.port, tcp, https, certs, pin: proxies }),
  )
  const httpPort = Number(new URL(whole.proxyUrl).port)
  const pid = whole.process.pid ?? 0
  peers.set('Portolan', { name: 'Portolan', pid, httpPort, httpsPort: https, tcpPort: tcp })
  return { backendPort, peers }
}

/** A folder with a certificate that serves whoever names no host. */
async function certificates(stack: AsyncDisposableStack): Promise<string> {
  await using made = await authority()
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'portolan-bench-')))
  const { cert, key } = await made.certificate({ names: [`DNS:${host}`], common: 'default' })
  await writeFile(join(folder.path, 'default.crt'), cert)
  await writeFile(join(folder.path, 'default.key'), key)
  return folder.path
}
