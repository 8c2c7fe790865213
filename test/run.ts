import { rm } from 'node:fs/promises'

import { findBrowser } from './bed/browser.ts'
import { usualEngine, useEngine } from './bed/engine.ts'
import { bringImages } from './bed/images.ts'
import { needsOf } from './bed/needs.ts'
import { run, SetupError } from './bed/shell.ts'
import { sweep, tracesOf } from './bed/sweep.ts'
import { talliedFrom } from './bed/tally.ts'
import { bringTools } from './bed/tools.ts'

/*
 * `npm test`: brings what the asked tests need (engine, images, browser), runs them with vitest, and takes away what
 * they left. Arguments go to vitest: `npm test -- test/core` needs no engine. The last line is `N passed, N failed`.
 */

const report = '.vitest.json'
const asked = process.argv.slice(2)
const needs = needsOf(asked)

async function prepare(): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' }
  if (needs.has('engine')) {
    const address = await useEngine()
    if (address !== usualEngine) env['DOCKER_HOST'] = address
    await bringImages(env)
    await bringTools()
  }
  if (needs.has('browser')) env['CHROMIUM'] = await findBrowser()
  return env
}

async function tests(env: NodeJS.ProcessEnv): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...asked]
  await rm(report, { force: true })
  return run(process.execPath, vitest, env)
}

async function all(): Promise<number> {
  const env = await prepare()
  // a selection may run beside another one on the same engine, so only a whole run sweeps
  const before = asked.length === 0 ? await tracesOf(env) : undefined
  const code = await tests(env)
  if (before) await sweep(before, env)
  console.log(await talliedFrom(report))
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
