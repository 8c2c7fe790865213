import { setTimeout as pause } from 'node:timers/promises'

import { docker, startContainer, webCommand } from '../../test/e2e/docker.ts'
import { ask } from '../../test/e2e/load.ts'
import { eventually } from '../../test/e2e/portolan.ts'
import { freePort } from '../../test/free-port.ts'

/** Milliseconds from a kill -9 of the container's process, under `--restart always`, to the next good answer. */
export async function measureRestart(rounds: number, image: string): Promise<number[]> {
  const network = 'bench-portolan'
  await docker('network', 'create', '--label', 'test.portolan=bench', network)
  try {
    return await gaps(rounds, image, network)
  } finally {
    await docker('network', 'rm', network)
  }
}

async function gaps(rounds: number, image: string, network: string): Promise<number[]> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await using _web = await startContainer('bench-web', {
    labels: { 'portolan.host': 'web.localhost' },
    options: ['--network', network, '--expose', '8000'],
    command: webCommand('ok'),
  })
  await using portolan = await startContainer('bench-portolan', {
    image,
    options: [
      '--restart=always',
      `--network=${network}`,
      `--publish=127.0.0.1:${port}:80`,
      '--volume=/var/run/docker.sock:/var/run/docker.sock',
    ],
  })
  const found: number[] = []
  for (let round = 0; round < rounds; round++) {
    await eventually(answers, 20_000)
    // Docker starts a container again at once only if it ran for 10 s before
    await pause(11_000)
    const pid = Number(await docker('inspect', '-f', '{{.State.Pid}}', portolan.id))
    const killed = performance.now()
    process.kill(pid, 'SIGKILL')
    await eventually(async () => !(await answers()), 2000)
    await eventually(answers, 20_000)
    found.push(performance.now() - killed)
  }
  return found

  async function answers(): Promise<boolean> {
    try {
      return (await ask(url, 'web.localhost')).status === 200
    } catch {
      return false
    }
  }
}
