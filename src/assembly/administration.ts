import { type Admin, createAdmin } from '../admin/admin.ts'
import { instanceItems, serviceItems } from '../admin/items.ts'
import type { About, Checks, Views } from '../admin/views.ts'
import type { Certs } from '../certs/certs.ts'
import type { Config } from '../config/config.ts'
import { tokenOf } from '../config/files.ts'
import { emptyCatalog } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'
import { identityOf } from '../core/instance.ts'
import { live, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { Base } from './base.ts'
import { explainer } from './explain.ts'
import { publishedPort } from './published.ts'
import type { Registration } from './registration.ts'
import { wisher } from './wish.ts'

/** The parts that the admin server shows, as far as their roles run here. */
export type Shown = {
  readonly registration: Registration | undefined
  readonly proxy: Proxy | undefined
  readonly certs: Certs | undefined
  /** What is rendered from templates. */
  readonly files: Listing | undefined
  /** Where requests come in. */
  readonly entrypoints: () => About['entrypoints']
}

type Listing = { items(): readonly unknown[]; readonly changes: Live<unknown> }

export type Administration = {
  readonly admin: Admin
  /** Follows what is shown until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Joins the admin server to the parts that it shows; undefined when the settings close it. */
export async function createAdministration(
  config: Config,
  base: Base,
  shown: Shown,
  version: string,
  log: Log,
  stopping: AbortSignal,
): Promise<Administration | undefined> {
  if (!config.admin) return undefined
  const token = await tokenOf('--admin-token-file', config.adminTokenFile)
  const changes = live(0)
  const sources: readonly Live<unknown>[] = [
    base.catalog,
    base.board.problems,
    base.docker.status,
    base.mirror.status,
    ...(shown.certs ? [shown.certs.certificates] : []),
    ...(shown.files ? [shown.files.changes] : []),
  ]
  const admin = createAdmin({
    listen: config.admin,
    token,
    views: viewsOf(base, shown, () => changes.current),
    about: () => aboutOf(base, shown, version, config),
    checks: () => checksOf(config, base, stopping.aborted),
    async leave() {
      if (shown.registration) return shown.registration.leave(AbortSignal.timeout(5000))
      throw new PortolanError('bad-config', 'this process registers nothing; ask the one that does')
    },
    wish: wisher(base, config.prefix),
    explain: explainer(config, base, shown.proxy),
    events: changes,
    registry: base.registry,
    log: log.child({ part: 'admin' }),
  })
  return {
    admin,
    async run(signal) {
      const count = async (source: Live<unknown>) => {
        for await (const _ of source.changes(signal)) changes.set(changes.current + 1)
      }
      await Promise.all(sources.map(count))
    },
  }
}

function viewsOf(
  { catalog, board }: Base,
  { proxy, certs, files }: Shown,
  revision: () => number,
): Views {
  const view = (items: () => readonly unknown[]) => () => ({ revision: revision(), items: items() })
  const now = () => catalog.current ?? emptyCatalog
  return {
    services: view(() => serviceItems(now())),
    instances: view(() => instanceItems(now(), (one) => proxy?.upstream(identityOf(one)))),
    routes: view(() => proxy?.routes() ?? []),
    problems: view(() => board.problems.current),
    nodes: view(() => [...now().nodes.values()]),
    certificates: view(() => certs?.view() ?? []),
    files: view(() => files?.items() ?? []),
  }
}

function aboutOf(base: Base, { entrypoints }: Shown, version: string, config: Config): About {
  return {
    version,
    node: base.own.current?.node ?? config.node ?? '',
    store: { name: base.store.name, up: base.mirror.status.current.kind === 'live' },
    docker: { name: base.docker.name, up: base.docker.status.current.kind === 'up' },
    entrypoints: entrypoints().map((one) => ({
      ...one,
      port: publishedPort(base.docker.containers.current, one.port) ?? one.port,
    })),
  }
}

/** Losing Docker or the store later is no reason to restart a proxy that works. */
function checksOf({ roles }: Config, base: Base, stopping: boolean): Checks {
  const { catalog, mirror, docker } = base
  const waiting: string[] = []
  if (docker.containers.current.kind === 'unknown') waiting.push('docker has not been read yet')
  if (catalog.current?.complete !== true) waiting.push('the catalog is not whole yet')
  const degraded: string[] = []
  if (docker.status.current.kind !== 'up') degraded.push('docker')
  if (mirror.status.current.kind !== 'live') degraded.push('store')
  return { stopping, waiting: roles.length > 0 ? waiting : [], degraded }
}
