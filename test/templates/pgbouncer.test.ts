import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { connect } from 'node:net'

import { expect, onTestFinished, test } from 'vitest'

import type { Instance } from '../../src/core/instance.ts'
import { tempFolder } from '../confd/scene.ts'
import { containerId, instance } from '../core/samples.ts'
import { freePort } from '../free-port.ts'
import { renderLibrary } from './scene.ts'

/** The databases that a PgBouncer knows which has started with the file: `name host port`. */
async function started(...instances: Instance[]) {
  const text = await renderLibrary('pgbouncer', instances)
  const folder = await tempFolder()
  // it refuses to run as root, and then has to read what we have written
  await chmod(folder.root, 0o755)
  const port = await freePort()
  await folder.write('portolan.ini', text)
  const main =
    `[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\n` +
    `auth_type = any\n%include ${folder.at('portolan.ini')}\n`
  await folder.write('main.ini', main)
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('pgbouncer', [...user, folder.at('main.ini')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (line: string) => (said += line))
  await expect.poll(() => said).toMatch(/process up/)
  expect({ said, text }).toMatchObject({ said: expect.not.stringMatching(/ERROR|FATAL/) })
  return { text, databases: await databasesOf(port) }
}

/** Asks the admin console in PostgreSQL's protocol, version 3. */
async function databasesOf(port: number): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  socket.write(sized('', '\0\x03\0\0user\0pgbouncer\0database\0pgbouncer\0\0'))
  socket.write(sized('Q', 'SHOW DATABASES\0'))
  socket.write(sized('X', ''))
  await once(socket, 'close')
  return rowsOf(Buffer.concat(parts))
    .map(([name, host, number]) => `${name} ${host} ${number}`)
    .filter((row) => !row.startsWith('pgbouncer '))
}

function sized(type: string, body: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')])
}

/** The texts of each DataRow. */
function rowsOf(bytes: Buffer): string[][] {
  const rows: string[][] = []
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    if (bytes.toString('latin1', at, at + 1) !== 'D') continue
    const row: string[] = []
    let from = at + 7
    for (let left = bytes.readUInt16BE(at + 5); left > 0; left--) {
      const length = Math.max(0, bytes.readInt32BE(from))
      row.push(bytes.toString('utf8', from + 4, from + 4 + length))
      from += 4 + length
    }
    rows.push(row)
  }
  return rows
}

const postgres = (last: number, names: string, fields: Partial<Instance> = {}) =>
  instance({
    service: 'db',
    container: containerId(String(last)),
    protocol: 'tcp',
    port: 5432,
    addresses: [{ network: 'n', ip: `10.0.0.${last}` }],
    attributes: { pgbouncer_db: names },
    ...fields,
  })

test('each database has the instances that are ready', async () => {
  const { databases } = await started(
    postgres(1, 'shop, cart'),
    postgres(2, 'shop'),
    postgres(3, 'shop', { state: 'unhealthy' }),
    postgres(4, 'stock', { service: 'stock', state: 'starting' }),
    postgres(5, '', { service: 'unasked', attributes: {} }),
  )
  expect(databases.toSorted()).toEqual(['cart 10.0.0.1 5432', 'shop 10.0.0.1,10.0.0.2 5432'])
})

test('whatever a label says, it harms only its own database', async () => {
  const { databases, text } = await started(
    postgres(1, 'shop'),
    postgres(2, 'x = host=10.6.6.6\nevil, pgbouncer, good', { service: 'db2' }),
    postgres(3, 'shop', { service: 'zweit' }),
  )
  expect(databases.toSorted()).toEqual(['good 10.0.0.2 5432', 'shop 10.0.0.1 5432'])
  expect(text).toContain('; "shop" of ["shop/db","shop/zweit"]: the first one has it')
})

test('if nobody has the label the last file stays', async () => {
  await expect(renderLibrary('pgbouncer', [instance()])).rejects.toThrow('the last file stays')
})
