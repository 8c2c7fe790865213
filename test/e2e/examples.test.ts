import { expect, test } from 'vitest'

import { startStack } from './compose.ts'
import { ask } from './load.ts'
import { eventually } from './portolan.ts'

for (const name of ['host-mode', 'socket-proxy'] as const) {
  test(`examples/${name} works as its README says`, async () => {
    await using example = await startStack(name, `examples/${name}/docker-compose.yml`)
    await eventually(async () => (await ask(example.proxyUrl, 'whoami.localhost')).status === 200)
    const problems = await (await fetch(`${example.adminUrl}/v1/problems`)).text()
    expect(problems).not.toContain('"severity":"error"')
  })
}

test('the socket proxy lets nothing through that could change anything', async () => {
  await using example = await startStack('socket-proxy', 'examples/socket-proxy/docker-compose.yml')
  const tried = (method: string, path: string) =>
    example.compose(
      'exec',
      '-T',
      'portolan',
      'node',
      '-e',
      `require('http').request({socketPath:'/run/docker/docker.sock',method:'${method}',path:'${path}'},r=>{console.log(r.statusCode);process.exit()}).end()`,
    )
  expect(await tried('GET', '/_ping')).toBe('200')
  expect(await tried('POST', '/containers/prune')).toBe('403')
  expect(await tried('GET', '/containers/x/archive?path=/')).toBe('403')
  expect(await tried('DELETE', '/containers/x')).toBe('403')
})
