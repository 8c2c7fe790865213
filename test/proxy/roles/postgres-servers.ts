import { execFile } from 'node:child_process'
import { chown, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { freePort } from '../../free-port.ts'
import { folder } from './programs.ts'

const run = promisify(execFile)
const home = '/usr/lib/postgresql'
/** Whom PostgreSQL takes for one that may run it: never root. */
const nobody = { uid: 65_534, gid: 65_534 }

/** A program of PostgreSQL, as somebody who is not root. */
async function postgres(name: string, ...args: readonly string[]): Promise<void> {
  const versions = (await readdir(home)).toSorted((a, b) => Number(b) - Number(a))
  const who = process.getuid?.() === 0 ? nobody : {}
  await run(join(home, versions[0] ?? '', 'bin', name), args, {
    ...who,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', PGPASSWORD: 'sesame' },
  })
}

async function emptyFolder() {
  const made = await folder()
  if (process.getuid?.() === 0) await chown(made.path, nobody.uid, nobody.gid)
  return made
}

/** Lines that psql gives for a question. Rejects when it is not answered. */
export async function ask(port: number, sql: string): Promise<string> {
  const at = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', 'postgres']
  const { stdout } = await run('psql', [...at, '-X', '-A', '-t', '-c', sql], {
    env: { ...process.env, PGPASSWORD: 'sesame', PGCONNECT_TIMEOUT: '60' },
  })
  return stdout.trim()
}

/** Starts what stands in `data`; everybody logs in with a password, `sesame`. */
async function started(data: string, sockets: string) {
  const port = await freePort()
  const options = `-p ${port} -k ${sockets} -c listen_addresses=127.0.0.1 -c fsync=off`
  await postgres(
    'pg_ctl',
    '-D',
    data,
    '-w',
    '-t',
    '120',
    '-l',
    join(sockets, 'log'),
    '-o',
    options,
    'start',
  )
  return {
    port,
    data,
    ask: (sql: string) => ask(port, sql),
    stop: (mode: 'fast' | 'immediate') => postgres('pg_ctl', '-D', data, '-m', mode, '-w', 'stop'),
  }
}

export type PostgresServer = Awaited<ReturnType<typeof started>> & AsyncDisposable

async function server(make: (data: string) => Promise<void>): Promise<PostgresServer> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await emptyFolder())
  const data = join(path, 'data')
  await make(data)
  const running = await started(data, path)
  // a test may have stopped it itself
  stack.defer(() => running.stop('immediate').catch(() => {}))
  const owned = stack.move()
  return { ...running, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** A cluster of its own, whose users log in by `method`. */
export function primaryServer(method: 'scram-sha-256' | 'md5' | 'password' = 'scram-sha-256') {
  return server(async (data) => {
    await using file = await passwordFile()
    const auth = ['--auth-host', method, '--auth-local', 'trust', '--pwfile', file.path]
    await postgres('initdb', '-D', data, '-U', 'postgres', '--no-sync', ...auth)
  })
}

/** A standby that streams from `primary`. */
export function standbyOf({ port }: Pick<PostgresServer, 'port'>) {
  return server((data) => {
    const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres']
    return postgres(
      'pg_basebackup',
      '-D',
      data,
      '-R',
      '-c',
      'fast',
      '-X',
      'stream',
      '--no-sync',
      ...from,
    )
  })
}

async function passwordFile() {
  const made = await emptyFolder()
  const path = join(made.path, 'password')
  await writeFile(path, 'sesame\n', { mode: 0o644 })
  return { path, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}
