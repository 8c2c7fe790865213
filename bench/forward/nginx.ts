import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { eventually, freePort } from '../../test/e2e/portolan.ts'
import { startChild } from './children.ts'
import type { Peer } from './peers.ts'

/** nginx as a reverse proxy of `backend`: one process, no log, kept connections; `pin` goes before its command. */
export async function startNginx(backend: number, pin: readonly string[]): Promise<Peer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'portolan-bench-'))
  await writeFile(join(folder, 'nginx.conf'), configuration(port, backend))
  const child = startChild([...pin, 'nginx', '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'])
  await eventually(async () => (await fetch(`http://127.0.0.1:${port}`)).ok)
  return {
    name: 'nginx',
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** The forwarding headers are those that Portolan sets too. Without a master, the process is the worker. */
function configuration(port: number, backend: number): string {
  return `
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  upstream backend {
    server 127.0.0.1:${backend};
    keepalive 256; keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
}
`
}
