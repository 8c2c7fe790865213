import { mkdir } from 'node:fs/promises'

import { createAdministration } from './assembly/administration.ts'
import { announce } from './assembly/announce.ts'
import { createBase, type Base } from './assembly/base.ts'
import { notifyOf } from './assembly/notify.ts'
import { publishedPort } from './assembly/published.ts'
import { Registration } from './assembly/registration.ts'
import { keepState } from './catalog/state.ts'
import { type Certs, createCerts } from './certs/certs.ts'
import { type Confd, createConfd } from './confd/confd.ts'
import { renderOnce, type Result } from './confd/once.ts'
import { preview, type PreviewOptions } from './confd/preview.ts'
import type { Config } from './config/config.ts'
import { settingProblems } from './config/problems.ts'
import type { Catalog } from './core/catalog.ts'
import { PortolanError } from './core/errors.ts'
import { collectWhenIdle } from './core/garbage.ts'
import { derive, type Live } from './core/live.ts'
import type { Log } from './core/log.ts'
import { aborted } from './core/retry.ts'
import type { Listener } from './proxy/listener.ts'
import { createProxy, type Proxy } from './proxy/proxy.ts'
import { usualWorkers } from './proxy/usual-workers.ts'
import { version } from './version.ts'

/**
 * Builds every part, joins them, and runs them until `signal` aborts. Then takes them down in order: the proxy
 * stops taking requests and drains, while the lease is still kept; store, Docker and admin come last. Rejects when
 * a listener can't be opened, or a part breaks.
 */
export async function main(config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const base = await createBase(config, log)
  await using stack = new AsyncDisposableStack()
  stack.use(base.store)
  base.board.report('settings', settingProblems(config))
  const has = (role: Config['roles'][number]) => config.roles.includes(role)
  const registration = has('registrator')
    ? new Registration({ config, base, version, log: log.child({ part: 'registrator' }) })
    : undefined
  const certs = has('proxy') ? certsOf(config, base, log) : undefined
  const proxy = certs && proxyOf(config, base, certs, log)
  const confd = has('confd') ? await confdOf(config, base, log) : undefined
  // entrypoints that need a certificate are open from the start if there is one
  await certs?.load()
  await proxy?.open()
  const entrypoints = () => entrypointsOf(proxy)
  const files = confd && { items: () => confd.resources(), changes: confd.changes }
  const shown = { registration, proxy, certs, files, entrypoints }
  const administration = has('admin')
    ? await createAdministration(config, base, shown, version, log, signal)
    : undefined
  stack.use(administration?.admin)
  const adminAt = await administration?.admin.open()
  announce(
    {
      store: base.store.name,
      entrypoints: entrypoints(),
      admin: adminAt?.port,
      pretty: config.logFormat === 'pretty',
    },
    log,
  )
  const first = [proxy, confd]
  const last = [base, certs, registration, administration, stateKeeper(config, base, log)]
  using _ = collectWhenIdle()
  await runAll(first.flatMap(runOf), last.flatMap(runOf), signal)
  log.info('stopped')
}

/** Renders all confd resources once; whatever is not there by `signal` has failed. */
export async function render(
  config: Config,
  { noop, log }: { readonly noop: boolean; readonly log: Log },
  signal: AbortSignal,
): Promise<Result[]> {
  return reading(config, log, async (base, folder) => {
    const { open, addressOf } = base
    const notify = await notifyOf(config, base.docker)
    const { state } = config
    const options = { folder, noop, open, addressOf, state, notify, catalog: whole(base) }
    return renderOnce(options, signal)
  })
}

/** Shows what one template gives, at each change, until `signal` aborts. */
export async function showTemplate(
  config: Config,
  { file, log, show }: Pick<PreviewOptions, 'file' | 'show'> & { readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  await reading(config, log, async (base, folder) => {
    const { open, addressOf } = base
    await preview({ folder, file, open, addressOf, catalog: whole(base), show }, signal)
  })
}

/** Runs the reading half for as long as `use` takes. */
async function reading<T>(
  config: Config,
  log: Log,
  use: (base: Base, folder: string) => Promise<T>,
): Promise<T> {
  const folder = config.confd
  if (folder === undefined) {
    throw new PortolanError('bad-config', '--confd is off; name the folder that has conf.d in it')
  }
  const base = await createBase(config, log)
  await using stack = new AsyncDisposableStack()
  stack.use(base.store)
  const stop = new AbortController()
  const running = base.run(stop.signal)
  try {
    return await use(base, folder)
  } finally {
    stop.abort()
    await running
  }
}

function proxyOf(config: Config, base: Base, { certificates }: Certs, log: Log): Proxy {
  const { admin, workers, drainMs, holdMs, trust, accessLog, bufferBytes, secrets } = config
  return createProxy({
    catalog: base.catalog,
    vantage: base.vantage,
    self: () => {
      const { current } = base.docker.containers
      return current.kind === 'known' ? current.self : undefined
    },
    listeners: listenersOf(config),
    certificates,
    certsFolder: config.certs,
    httpsPort: derive(base.docker.containers, (now) => {
      return config.httpsPort ?? (config.https && publishedPort(now, config.https.port))
    }),
    workers: workers === 'cores' ? usualWorkers() : workers,
    ownPorts: admin ? [admin.port] : [],
    drainMs,
    holdMs,
    trust,
    accessLog,
    bufferBytes,
    secrets,
    ownSecrets: [config.etcdPasswordFile, config.etcdKey, config.adminTokenFile].filter(
      (one) => one !== undefined,
    ),
    log: log.child({ part: 'proxy' }),
    report: (problems) => base.board.report('proxy', problems),
    registry: base.registry,
  })
}

function entrypointsOf(proxy: Proxy | undefined) {
  const open = proxy?.entrypoints() ?? []
  return open.map(({ entrypoint, kind, port }) => ({ name: entrypoint, scheme: kind, port }))
}

function certsOf({ certs: folder, prefix }: Config, base: Base, log: Log): Certs {
  const { mirror, saved, registry } = base
  return createCerts({
    folder,
    prefix,
    mirror,
    saved,
    report: (problems) => base.board.report('certificates', problems),
    registry,
    log: log.child({ part: 'certs' }),
  })
}

function listenersOf({ http, https, tcp }: Config): Listener[] {
  return [
    ...(http ? [{ entrypoint: 'http', ...http }] : []),
    ...(https ? [{ entrypoint: 'https', kind: 'https' as const, ...https }] : []),
    ...tcp.map(({ name, ...at }) => ({ entrypoint: name, kind: 'tcp' as const, ...at })),
  ]
}

async function confdOf(config: Config, base: Base, log: Log): Promise<Confd | undefined> {
  const { confd: folder, state } = config
  if (folder === undefined) return undefined
  const { open, addressOf, board, registry } = base
  return createConfd({
    folder,
    open,
    state,
    catalog: whole(base),
    vantage: base.vantage,
    addressOf,
    notify: await notifyOf(config, base.docker),
    log: log.child({ part: 'confd' }),
    report: board.report,
    registry,
  })
}

/** Files are rendered from a whole catalog only: half of one would look like an outage. */
function whole({ catalog }: Base): Live<Catalog | undefined> {
  return derive(catalog, (now) => (now?.complete ? now : undefined))
}

function stateKeeper(
  { state: folder, prefix }: Config,
  { mirror }: Base,
  log: Log,
): Runs | undefined {
  if (folder === undefined) return undefined
  const onError = (error: unknown) => log.warn({ err: error, folder }, 'the state was not saved')
  return {
    async run(signal) {
      await mkdir(folder, { recursive: true })
      await keepState({ folder, prefix, mirror, onError }, signal)
    },
  }
}

type Runs = { run(signal: AbortSignal): Promise<void> }
type Run = Runs['run']

function runOf(part: Runs | undefined): Run[] {
  return part ? [(signal) => part.run(signal)] : []
}

/**
 * Runs all parts. When `signal` aborts, or one of them breaks, the `first` ones are told, and the `last` ones when
 * those have ended.
 */
async function runAll(
  first: readonly Run[],
  last: readonly Run[],
  signal: AbortSignal,
): Promise<void> {
  const broken = new AbortController()
  const ended = new AbortController()
  const start = (list: readonly Run[], until: AbortSignal) =>
    Promise.all(list.map((run) => run(until))).catch((error: unknown) => {
      broken.abort()
      throw error
    })
  const lasting = start(last, ended.signal)
  const stop = AbortSignal.any([signal, broken.signal])
  const ending = start([...first, aborted], stop).finally(() => ended.abort())
  await Promise.all([ending, lasting])
}
