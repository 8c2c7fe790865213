import { Registry } from 'prom-client'

import { type Admin, type AdminOptions, createAdmin } from '../../src/admin/admin.ts'
import { instanceItems, serviceItems } from '../../src/admin/items.ts'
import type { View, Views } from '../../src/admin/views.ts'
import { emptyCatalog } from '../../src/core/catalog.ts'
import { type Instance, serviceId } from '../../src/core/instance.ts'
import { live, type MutableLive } from '../../src/core/live.ts'
import { createLog } from '../../src/core/log.ts'

/** What the views show; a new value is an event. */
export type World = {
  readonly instances: readonly Instance[]
  readonly routes: readonly unknown[]
  readonly problems: readonly unknown[]
  readonly files: readonly unknown[]
}

export type Started = AsyncDisposable & {
  readonly url: string
  readonly port: number
  readonly world: MutableLive<World>
}

/** A real admin server on a free port of loopback, over a world that the test changes. */
export async function startAdmin(
  options: Partial<AdminOptions> = {},
  first: Partial<World> = {},
): Promise<Started> {
  const world = live<World>({ instances: [], routes: [], problems: [], files: [], ...first })
  const admin: Admin = createAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    views: viewsOf(world),
    about: () => ({
      version: '0.1.0',
      node: 'h1',
      store: { name: 'embedded', up: true },
      docker: { name: 'unix:///var/run/docker.sock', up: true },
      entrypoints: [{ name: 'http', scheme: 'http', port: 8080 }],
    }),
    checks: () => ({ stopping: false, waiting: [], degraded: [] }),
    leave: async () => {},
    wish: undefined,
    explain: () => ({ ok: false, status: 404, error: 'nothing is known here' }),
    events: world,
    registry: new Registry(),
    log: createLog({ level: 'silent', format: 'json' }),
    ...options,
  })
  const { port } = await admin.open()
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  }
}

function viewsOf(world: MutableLive<World>): Views {
  const view = (items: readonly unknown[]): View => ({ revision: 7, items })
  const seen = { inFlight: 2, health: 'ok', address: '172.18.0.3:3000', why: 'a network in common' }
  const role = { state: 'behind', why: 'link down' }
  const catalog = () => ({
    ...emptyCatalog,
    services: Map.groupBy(world.current.instances, serviceId),
  })
  return {
    services: () => view(serviceItems(catalog())),
    instances: () =>
      view(
        instanceItems(catalog(), (one) => ({ ...seen, role: one.policy.probe ? role : undefined })),
      ),
    routes: () => view(world.current.routes),
    problems: () => view(world.current.problems),
    nodes: () => view([]),
    certificates: () => view([]),
    files: () => view(world.current.files),
  }
}
