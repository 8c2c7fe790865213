import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { rssMiB } from '../process.ts'
import { table } from '../statistics.ts'
import { node } from './children.ts'
import type { World } from './peers/peers.ts'

const clients = 10_000

/** Prints the memory of each proxy before and while 10,000 clients keep an idle connection. */
export async function measureIdle({ peers }: World, pin: readonly string[]): Promise<void> {
  const rows: string[][] = []
  for (const name of ['Portolan', 'nginx']) {
    const peer = peers.get(name)
    if (!peer) continue
    const before = await rssMiB(peer.pid)
    const script = node(new URL('load/idle.ts', import.meta.url))
    const command = [...pin, ...script, String(peer.httpPort), String(clients)]
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    await once(createInterface(child.stdout), 'line')
    const during = await rssMiB(peer.pid)
    child.stdin.end()
    await ended
    rows.push([name, before.toFixed(0), during.toFixed(0)])
  }
  console.log(`\n## idle\n\n${clients} idle clients (target: 150 MiB in all)\n`)
  console.log(table([['proxy', 'MiB before', 'MiB with them'], ...rows]))
}
