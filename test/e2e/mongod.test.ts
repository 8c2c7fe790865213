import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { docker, startContainer } from './docker.ts'
import { eventually } from './portolan.ts'

const script = await readFile('templates/mongodb-replica-set/mongod.sh', 'utf8')

/** The image mongo has this user, this command, and the key where Compose mounts it, readable for all. */
const stage = `
exec 2>&1
useradd mongodb
mkdir -p /run/secrets && echo key > /run/secrets/mongo_key
printf '#!/bin/bash\\necho "$@"; stat -c "%%a %%U" /tmp/mongo_key /data/members/*; sleep 600' > /usr/local/bin/docker-entrypoint.sh
chmod +x /usr/local/bin/docker-entrypoint.sh
exec bash -c "$MONGOD_SH" mongod.sh --replSet rs0
`

/** What it says in a container of that name. */
async function started(name: string, network: string) {
  const container = await startContainer(name, {
    image: 'node:26-slim',
    options: ['--network', network, '-e', `MONGOD_SH=${script}`],
    command: ['bash', '-c', stage],
  })
  let said = ''
  await eventually(async () => {
    const state = await docker('inspect', '-f', '{{.State.Status}}', container.id)
    said = await docker('logs', container.id)
    return /755/.test(said) || state === 'exited'
  })
  return { said, [Symbol.asyncDispose]: () => container[Symbol.asyncDispose]() }
}

test('each member has a folder of its own, named like its container, and a key that mongod takes', async () => {
  await using network = await aNetwork('e2e-mongod.net')
  for (const name of ['e2e-mongo-1', 'e2e-my.mongo-12']) {
    await using one = await started(name, network.name)
    expect(one.said).toBe(
      `mongod --dbpath /data/members/${name} --keyFile /tmp/mongo_key --bind_ip_all --replSet rs0\n` +
        '400 mongodb\n755 mongodb',
    )
  }
})

test('without a name in the DNS there is no folder, and no mongod', async () => {
  await using one = await started('e2e-mongo-3', 'bridge')
  expect(one.said).toMatch(/^mongod\.sh: Docker's DNS has no name for this container/)
})

async function aNetwork(name: string) {
  await docker('network', 'rm', name).catch(() => undefined)
  await docker('network', 'create', '--label', 'test.portolan=e2e', name)
  return {
    name,
    async [Symbol.asyncDispose]() {
      await docker('network', 'rm', name)
    },
  }
}
