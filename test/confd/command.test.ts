import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { runCommand } from '../../src/confd/command.ts'
import { tempFolder, testSignal } from './scene.ts'

const run = (command: string, timeoutMs = 5000, signal = testSignal()) =>
  runCommand({ name: 'check_cmd', command, timeoutMs }, signal)

/** A zombie that nobody has buried yet is dead, too. */
const isAlive = (pid: string) => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a command runs in a shell and its output is kept, both streams', async () => {
  const { output, fault } = await run('for i in 1 2; do echo $i; done; echo err >&2')
  expect(fault).toBeUndefined()
  expect(output.split('\n').toSorted()).toEqual(['', '1', '2', 'err'])
})

test('a command that fails is an error with exit code and last words', async () => {
  const { output, fault } = await run('echo bad config; exit 3')
  expect(output).toBe('bad config\n')
  expect(fault?.message).toBe(
    'check_cmd (echo bad config; exit 3) failed with exit code 3: bad config',
  )
})

test('of much output the end is kept, at most 64 KiB', async () => {
  const { output } = await run('head -c 300000 /dev/zero | tr "\\0" x; echo end')
  expect(output.length).toBe(64 * 1024)
  expect(output.endsWith('xend\n')).toBe(true)
})

test('a command that hangs is killed with all that it has started', async () => {
  const started = performance.now()
  const { output, fault } = await run('sleep 60 & echo $!; wait', 200)
  expect(performance.now() - started).toBeLessThan(2000)
  expect(fault?.message).toContain('is not done after 200ms')
  await expect.poll(() => isAlive(output.trim())).toBe(false)
})

test('a daemon that keeps the output open is not waited for', async () => {
  const started = performance.now()
  const { output, fault } = await run('sleep 30 & echo $!')
  onTestFinished(() => void process.kill(Number(output), 'SIGKILL'))
  expect(fault).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(2000)
  expect(isAlive(output.trim())).toBe(true)
})

test('at our end a running command may still finish', async () => {
  const folder = await tempFolder()
  const end = new AbortController()
  const running = run(`sleep 0.3; touch ${folder.at('done')}`, 5000, end.signal)
  await pause(50)
  end.abort()
  expect((await running).fault).toBeUndefined()
  expect(await folder.readIfThere('done')).toBe('')
})
