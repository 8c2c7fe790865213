import type { Socket } from 'node:net'

import type { TableRoute, Target } from '../table/route.ts'
import type { ClientHello } from '../tcp/client-hello.ts'
import type { Outcome } from '../tcp/counts.ts'
import type { AccessLog } from './access-log.ts'
import { msText, placeText, plainText } from './text.ts'

/** Of those the client did not get what it asked for, and that was not its fault. */
const failures: ReadonlySet<Outcome> = new Set(['failed', 'cut', 'gone'])

/** What is noted of one connection to a TCP entrypoint for the access log. */
export class TcpTrail {
  /** The address of the client. */
  ip: string
  hello: ClientHello | undefined
  route: TableRoute | undefined
  private target: Target | undefined
  private tries = 0
  private readonly log: AccessLog
  private readonly entrypoint: string
  private readonly client: Socket
  private readonly beganMs = performance.now()

  constructor(log: AccessLog, entrypoint: string, client: Socket, ip: string) {
    this.log = log
    this.entrypoint = entrypoint
    this.client = client
    this.ip = ip
    this.hello = undefined
    this.route = undefined
    this.target = undefined
  }

  /** An endpoint is dialled. */
  tried(target: Target): void {
    this.tries++
    this.target = target
  }

  /** The connection is over. */
  end(outcome: Outcome): void {
    if (!this.log.wantsAny(failures.has(outcome))) return
    const { client, entrypoint, ip, route, target, hello } = this
    const tookMs = performance.now() - this.beganMs
    const name = hello?.name
    const fields = [
      `"entrypoint":${plainText(entrypoint)},"client":${plainText(ip)}`,
      `"protocol":"${hello ? 'TLS' : 'TCP'}","outcome":"${outcome}"`,
      `"received":${client.bytesRead},"sent":${client.bytesWritten},"durationMs":${msText(tookMs)}`,
      ...(route ? [`"service":${plainText(route.service)},"route":${plainText(route.name)}`] : []),
      ...(target ? [`"endpoint":"${placeText(target)}","tries":${this.tries}`] : []),
      ...(name === undefined ? [] : [`"sni":${plainText(name)}`]),
    ]
    this.log.add(Math.round(Date.now() - tookMs), fields.join())
  }
}
