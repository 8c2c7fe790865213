import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { tlsFront } from '../docker/tls-front.ts'
import { startContainer, webCommand } from './docker.ts'
import { ask } from './load.ts'
import { eventually, startPortolan } from './portolan.ts'

test("an engine over TCP and TLS, named by Docker's own variables: everything works, by GETs alone", async () => {
  await using front = await tlsFront()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'portolan-tls-'))
  for (const name of ['ca', 'cert', 'key'] as const) {
    await writeFile(join(folder.path, `${name}.pem`), front.tls[name])
  }
  const env = {
    DOCKER_HOST: `tcp://127.0.0.1:${front.port}`,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: folder.path,
  }
  await using portolan = await startPortolan({ env })
  await using web = await startContainer('e2e-tls', {
    labels: { 'portolan.host': 'e2e-tls.localhost' },
    options: ['--expose', '8000'],
    command: webCommand('over-tls'),
  })
  await eventually(
    async () => (await ask(portolan.proxyUrl, 'e2e-tls.localhost')).body.trim() === 'over-tls',
  )
  const drained = await fetch(`${portolan.adminUrl}/v1/drain?instance=${web.name}`, {
    method: 'POST',
  })
  expect(drained.status).toBe(200)
  expect(front.asked.filter((one) => !one.startsWith('GET '))).toEqual([])
  for (const call of ['/events', '/containers/json', `/containers/${web.id}/json`]) {
    expect(front.asked.filter((one) => one.includes(call))).not.toEqual([])
  }
})
