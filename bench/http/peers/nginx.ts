import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { eventually } from '../../../test/e2e/portolan.ts'
import { type Child, startChild } from '../children.ts'

/**
 * Runs nginx as one process with this `http` block, until it is disposed of; `/small` on `port` has to answer. The
 * folder that it runs in has a file `100k`.
 */
export async function startNginx(
  http: string,
  port: number,
  pin: readonly string[],
): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-bench-'))
  await writeFile(join(folder, 'nginx.conf'), around(http))
  await writeFile(join(folder, '100k'), 'x'.repeat(100 * 1024))
  const child = startChild([...pin, 'nginx', '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'])
  await eventually(async () => (await fetch(`http://127.0.0.1:${port}/small`)).ok, 15_000)
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** Without a master the process is the worker. */
function around(http: string): string {
  return `
daemon off; master_process off; pid nginx.pid; error_log stderr crit; worker_rlimit_nofile 20000;
events { worker_connections 12000; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  ${http}
}
`
}

/** What the proxies forward to. */
export function backend(port: number): string {
  return `
  server {
    listen 127.0.0.1:${port} reuseport;
    location = /small { return 200 "hello\\n"; }
    location = /take { return 200 "taken\\n"; }
    location / { root .; sendfile on; }
  }`
}

type ProxyPorts = {
  readonly http: number
  readonly https: number
  readonly backend: number
  readonly echo: number
}

/** A reverse proxy with the forwarding headers that Portolan sets too. `certs`: a folder with `default.crt`. */
export function reverseProxy(
  { http, https, backend: to, echo }: ProxyPorts,
  certs: string,
  extra: string,
): string {
  return `
  upstream backend {
    server 127.0.0.1:${to};
    keepalive 256; keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${http};
    listen 127.0.0.1:${https} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${certs}/default.crt;
    ssl_certificate_key ${certs}/default.key;
    ssl_session_cache shared:sessions:10m;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Request-ID $request_id;
      ${extra}
    }
    location = /echo {
      proxy_pass http://127.0.0.1:${echo};
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
    }
  }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }`
}
