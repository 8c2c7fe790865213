import { expect, test } from 'vitest'

import { ownSight } from '../../src/assembly/own.ts'
import { commandOf } from '../../src/cli/command.ts'
import { live } from '../../src/core/live.ts'
import { problemBoard } from '../../src/core/problems.ts'
import type { Container, Containers, Docker } from '../../src/docker/docker.ts'
import { embeddedStore } from '../../src/store/embedded.ts'
import { createMirror } from '../../src/store/mirror.ts'
import { container } from '../registrator/containers.ts'

/** What a node that was started with these flags says of a container that its engine has. */
function registered(flags: readonly string[], labels: Container['labels']) {
  const command = commandOf(['run', ...flags], {})
  if (command.kind !== 'run') throw new Error('these are no flags of run')
  const one = container({ labels })
  const engine = { id: 'E1', name: 'h1', version: '', apiVersion: '', kind: 'native' } as const
  const containers = live<Containers>({
    kind: 'known',
    engine,
    byId: new Map([[one.id, one]]),
    self: undefined,
  })
  const docker: Docker = {
    name: 'an engine',
    containers,
    status: live({ kind: 'up' }),
    host: undefined,
    exists: async () => false,
    run: async () => {},
  }
  const mirror = createMirror({ store: embeddedStore(), prefix: '/portolan', onError() {} })
  const [instance] =
    ownSight(command.config, docker, mirror, problemBoard()).own.current?.instances ?? []
  return { rules: instance?.routes.map(({ rule }) => rule), network: instance?.network }
}

const router = { 'traefik.http.routers.web.rule': 'Host(`a`)' }
const enabled = { 'traefik.enable': 'true' }

test('containers are routed as the flags of Traefik say', () => {
  expect(registered([], router).rules).toEqual(['Host(`a`)'])
  const strict = ['--providers.docker.exposedbydefault=false']
  expect(registered(strict, router).rules).toEqual([])
  expect(registered(strict, { ...router, ...enabled }).rules).toEqual(['Host(`a`)'])
  const rule = ['--providers.docker.defaultrule=Host(`b`)']
  expect(registered(rule, enabled).rules).toEqual(['Host(`b`)'])
  const network = ['--providers.docker.network=shop_default']
  expect(registered(network, router).network).toBe('shop_default')
})
