import { join } from 'node:path'

import type { Config } from '../config/config.ts'
import { fileOf } from '../config/files.ts'
import type { Log } from '../core/log.ts'
import { createDocker } from '../docker/create.ts'
import type { Docker } from '../docker/docker.ts'
import { findSocket } from '../docker/socket.ts'
import { embeddedStore } from '../store/embedded.ts'
import type { Tls } from '../store/etcd/endpoint.ts'
import type { Store } from '../store/store.ts'

/** The engine that settings and Docker's own variables name. */
export async function dockerOf(config: Config, log: Log): Promise<Docker> {
  return createDocker({
    host: engineHost(config),
    ...(await dockerTls()),
    log: log.child({ part: 'docker' }),
  })
}

/** In DOCKER_HOST's form. */
export function engineHost({ docker }: Config): string {
  return docker ?? findSocket(process.env)
}

/** The store that the settings name. Rejects `bad-config` for a file that can't be read. */
export async function storeOf(config: Config, log: Log): Promise<Store> {
  if (config.store.kind === 'embedded') return embeddedStore()
  const { endpoints, tls } = config.store
  const password = await fileOf('--etcd-password-file', config.etcdPasswordFile)
  // with all that speaks gRPC, which takes some 10 MB
  const { etcdStore } = await import('../store/etcd/etcd.ts')
  return etcdStore({
    endpoints,
    tls: tls ? await tlsOf(config) : undefined,
    user: config.etcdUser,
    password: password?.trim(),
    epochKey: `${config.prefix}/epoch`,
    log: log.child({ part: 'etcd' }),
  })
}

async function tlsOf({ etcdCa, etcdCert, etcdKey }: Config): Promise<Tls> {
  const ca = await fileOf('--etcd-ca', etcdCa)
  const cert = await fileOf('--etcd-cert', etcdCert)
  const key = await fileOf('--etcd-key', etcdKey)
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

/** Docker's own variables: DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, with its three files. */
export async function dockerTls() {
  const folder = process.env['DOCKER_CERT_PATH'] ?? ''
  if (folder === '' || (process.env['DOCKER_TLS_VERIFY'] ?? '') === '') return {}
  const read = async (name: string) => (await fileOf('DOCKER_CERT_PATH', join(folder, name))) ?? ''
  return {
    tls: { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') },
  }
}
