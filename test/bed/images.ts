import { spawn } from 'node:child_process'

import { isRootOnDebian, output, run, say, SetupError } from './shell.ts'

const wanted = [
  'node:26-slim',
  'quay.io/coreos/etcd:v3.5.16',
  'busybox:1.37',
  'redis:8',
  'postgres:17',
]

/** A registry that is there says something within this time; then it may take longer. */
const firstWordMs = 20_000
const pullMs = 10 * 60_000

/** Brings the images that the tests use: pulled where a registry answers, else made from Debian's packages. */
export async function bringImages(env: NodeJS.ProcessEnv): Promise<void> {
  // at once, since a registry that is not there may let each of them wait
  const have = await Promise.all(
    wanted.map(async (image) => (await isHere(image, env)) || (await isPulled(image, env))),
  )
  const missing = wanted.filter((_, at) => have[at] === false)
  if (missing.length > 0) await makeStandIns(missing, env)
  for (const image of wanted) await sayIfStandIn(image, env)
}

async function isHere(image: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await output('docker', ['image', 'inspect', '-f', '{{.Id}}', image], env)) !== undefined
}

async function isPulled(image: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  say(`pulling ${image}`)
  const child = spawn('docker', ['pull', image], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let limit = setTimeout(() => child.kill(), firstWordMs)
  child.stdout.once('data', () => {
    clearTimeout(limit)
    limit = setTimeout(() => child.kill(), pullMs)
  })
  child.stdout.resume()
  child.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0))
  const isDone = await promise
  clearTimeout(limit)
  return isDone
}

async function makeStandIns(images: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (!(await isRootOnDebian())) {
    throw new SetupError(`could not pull ${images.join(', ')}: run \`docker pull\` to see why`)
  }
  say(`no registry gave ${images.join(', ')}: making stand-ins from Debian's packages`)
  if ((await run('test/bed/images.sh', images, env)) !== 0) {
    throw new SetupError('test/bed/images.sh could not make the images; it said why above')
  }
}

async function sayIfStandIn(image: string, env: NodeJS.ProcessEnv): Promise<void> {
  const label = '{{index .Config.Labels "bed.stand-in"}}'
  const origin = await output('docker', ['image', 'inspect', '-f', label, image], env)
  if (origin) say(`${image} is a stand-in (${origin}), not the published image`)
}
