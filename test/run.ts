import { readdir, rm } from 'node:fs/promises'

import { findBrowser } from './bed/browser.ts'
import { usualEngine, useEngine } from './bed/engine.ts'
import { bringEnvoy } from './bed/envoy.ts'
import { bringImages } from './bed/images.ts'
import { needsOf } from './bed/needs.ts'
import { run, SetupError } from './bed/shell.ts'
import { sweep, tracesOf } from './bed/sweep.ts'
import { failedFiles, talliedFrom } from './bed/tally.ts'
import { bringTools } from './bed/tools.ts'

/*
 * `npm test`: brings what the asked tests need (engine, images, browser), runs them with vitest, and takes away what
 * they left. Arguments go to vitest: `npm test -- test/core` needs no engine. The last line is `N passed, N failed`.
 *
 * A whole run takes many minutes on engines, networks and clocks that it shares with whatever else the machine does. A
 * few files that failed in it run once more by themselves, and are named; what fails twice has failed.
 */

const report = '.vitest.json'
const otherReport = '.vitest-other.json'
const again = '.vitest-again.json'
const mostAgain = 4
/**
 * Folders whose tests run one after the other, because they share an engine and look at all that is in it. Some others
 * only start an etcd in it. They take about half of the time.
 */
const withEngine = ['docker', 'e2e']
const asked = process.argv.slice(2)
const needs = needsOf(asked)

async function prepare(): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' }
  if (needs.has('engine')) {
    const address = await useEngine()
    if (address !== usualEngine) env['DOCKER_HOST'] = address
    await bringImages(env)
    await bringTools()
    await bringEnvoy()
  }
  if (needs.has('browser')) env['CHROMIUM'] = await findBrowser()
  return env
}

async function tests(
  env: NodeJS.ProcessEnv,
  files: readonly string[],
  to: string,
): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${to}`]
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...files]
  await rm(to, { force: true })
  return run(process.execPath, vitest, env)
}

/**
 * All tests, in two halves side by side: those with engines wait most of the time, the others compute. Of a
 * half, the few files that failed are tried once more.
 */
async function wholeRun(env: NodeJS.ProcessEnv): Promise<number> {
  await rm(again, { force: true })
  const folders = await readdir('test', { withFileTypes: true })
  const others = folders.flatMap((one) =>
    one.isDirectory() && !withEngine.includes(one.name) ? [`test/${one.name}/`] : [],
  )
  const halves = [
    { files: withEngine.map((name) => `test/${name}/`), to: report },
    { files: [...others, 'test/layers.test.ts'], to: otherReport },
  ]
  const results = await Promise.all(
    halves.map(async ({ files, to }) => {
      const code = await tests(env, files, to)
      return { code, failed: await failedFiles(to) }
    }),
  )
  const failed = results.flatMap((one) => one.failed)
  // one that ended with a failure and names no file did not get to its end
  const isBroken = results.some((one) => one.code !== 0 && one.failed.length === 0)
  if (isBroken || failed.length === 0 || failed.length > mostAgain) {
    return Math.max(...results.map(({ code }) => code))
  }
  console.log(`npm test: once more, by themselves: ${failed.join(' ')}`)
  return tests(env, failed, again)
}

async function all(): Promise<number> {
  const env = await prepare()
  // a selection may run beside another one on the same engine, so only a whole run sweeps
  if (asked.length > 0) {
    const code = await tests(env, asked, report)
    console.log(await talliedFrom([report]))
    return code
  }
  const before = await tracesOf(env)
  const code = await wholeRun(env)
  await sweep(before, env)
  console.log(await talliedFrom([report, otherReport], again))
  return code
}

// vitest gets the signal as well and ends; then it is our turn to clean up
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})

try {
  process.exitCode = await all()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`npm test: ${error.message}`)
  process.exitCode = 1
}
