import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { eventually } from '../../../test/e2e/portolan.ts'
import { type Child, startChild } from '../children.ts'

export type HaproxyPorts = { readonly http: number; readonly tcp: number }

/** HAProxy with one thread before `backend`, and as a TCP relay before `echo`. */
export async function startHaproxy(
  ports: HaproxyPorts,
  backend: number,
  echo: number,
  pin: readonly string[],
): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-bench-'))
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(ports, backend, echo))
  const child = startChild([...pin, 'haproxy', '-db', '-q', '-f', file])
  await eventually(async () => (await fetch(`http://127.0.0.1:${ports.http}/small`)).ok, 15_000)
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

function configuration({ http, tcp }: HaproxyPorts, backend: number, echo: number): string {
  return `
global
  nbthread 1
  maxconn 4000
defaults
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
frontend web
  mode http
  bind 127.0.0.1:${http}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Real-IP %[src]
  unique-id-format %{+X}o%ci%cp%Ts%rt
  unique-id-header X-Request-ID
  default_backend web
  use_backend messages if { path /echo }
backend web
  mode http
  http-reuse always
  server one 127.0.0.1:${backend} pool-max-conn 256
backend messages
  mode http
  server one 127.0.0.1:${echo}
listen relay
  mode tcp
  bind 127.0.0.1:${tcp}
  server one 127.0.0.1:${echo}
`
}
