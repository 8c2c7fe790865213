// `serve.ts OPTIONS`: a proxy in a process of its own, as `OPTIONS` (JSON) says. Prints its ports as JSON to standard
// error, and for each line of its input how many lines of its access log were dropped; ends when its input does.

import { createInterface } from 'node:readline'

import { z } from 'zod'

import { bed, catalogOf, instance, pause } from '../bed.ts'

const options = z.object({
  wish: z.union([
    z.object({ kind: z.enum(['off', 'errors', 'all']) }),
    z.object({ kind: z.literal('share'), share: z.number() }),
  ]),
  workers: z.number().default(1),
  trust: z.array(z.string()).default([]),
  /** Ports of endpoints on loopback; of `web.test`, of `gone.test`, and of the TCP entrypoint. */
  web: z.number(),
  gone: z.number().default(1),
  tcp: z.number().default(1),
})

const { wish, workers, trust, web, gone, tcp } = options.parse(JSON.parse(process.argv[2] ?? ''))
// as the command line does, which makes a pipe non-blocking
process.stdout.on('error', () => {})
const running = await bed({
  accessLog: wish,
  workers,
  trust,
  holdMs: 100,
  listeners: [
    { entrypoint: 'http', host: '127.0.0.1', port: 0 },
    { entrypoint: 'db', kind: 'tcp', host: '127.0.0.1', port: 0 },
  ],
})
running.catalog.set(
  catalogOf([
    instance({ service: 'web', name: 'web', port: web, rule: 'Host(`web.test`)' }),
    instance({
      service: 'gone',
      name: 'gone',
      container: 'b'.repeat(64),
      port: gone,
      rule: 'Host(`gone.test`)',
    }),
    instance({
      service: 'db',
      name: 'db',
      container: 'c'.repeat(64),
      protocol: 'tcp',
      port: tcp,
      routes: [{ name: 'db', kind: 'tcp', entrypoints: ['db'], rule: 'HostSNI(`*`)' }],
    }),
  ]),
)
// what the main thread knows now, its workers know for each request that comes later
while (running.proxy.routes().length < 3) await pause(10)
console.error(JSON.stringify(Object.fromEntries(running.ports)))
for await (const _ of createInterface(process.stdin)) {
  const dropped = await running.registry.getSingleMetric('portolan_access_log_dropped_total')?.get()
  console.error(JSON.stringify(dropped?.values[0]?.value))
}
await running.stop()
