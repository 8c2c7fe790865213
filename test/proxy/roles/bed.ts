import { expect } from 'vitest'

import type { Instance } from '../../../src/core/instance.ts'
import { identityOf } from '../../../src/core/instance.ts'
import { probeSchema, type RoleProbe } from '../../../src/core/policy.ts'
import type { ProxyOptions } from '../../../src/proxy/options.ts'
import { bed, catalogOf } from '../bed.ts'
import { database } from '../tcp/bed.ts'

const rule = 'HostSNI(`*`)'

/** The instance of `shop/db` with that letter, asked for its role and on both routes. */
export function member(letter: string, port: number, probe: Partial<RoleProbe>): Instance {
  return database({
    name: `shop-db-${letter}`,
    container: letter.repeat(64),
    port,
    policy: {
      ...database().policy,
      probe: probeSchema.parse({ kind: 'redis', intervalMs: 50, timeoutMs: 5000, ...probe }),
    },
    routes: [
      { name: 'rw', rule, kind: 'tcp', entrypoints: ['rw'], role: 'primary' },
      { name: 'ro', rule, kind: 'tcp', entrypoints: ['ro'], role: 'replica' },
      { name: 'near', rule, kind: 'tcp', entrypoints: ['near'], role: 'prefer-replica' },
    ],
  })
}

/** A proxy with a route for each wish. */
export async function roleBed(options: Partial<ProxyOptions> = {}) {
  const base = await bed({
    listeners: ['rw', 'ro', 'near'].map((entrypoint) => {
      return { entrypoint, kind: 'tcp', host: '127.0.0.1', port: 0 }
    }),
    holdMs: 60_000,
    workers: 2,
    ...options,
  })
  const roleOf = (one: Instance) => base.proxy.upstream(identityOf(one))?.role
  return {
    ...base,
    set: (...instances: readonly Instance[]) => base.catalog.set(catalogOf(instances)),
    rw: base.ports.get('rw') ?? 0,
    ro: base.ports.get('ro') ?? 0,
    near: base.ports.get('near') ?? 0,
    roleOf,
    async reaches(one: Instance, state: string): Promise<void> {
      await expect.poll(() => roleOf(one)?.state, { timeout: 60_000 }).toBe(state)
    },
  }
}
