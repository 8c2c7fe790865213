import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { onTestFinished } from 'vitest'

import { policySchema } from '../../../src/core/policy.ts'
import { backend, bed, catalogOf, echo, instance } from '../bed.ts'

type Bed = Awaited<ReturnType<typeof bed>>

/** A proxy before one endpoint, on whose route these act. */
export async function served(
  middlewares: readonly object[],
  listener: RequestListener | undefined,
  more: Parameters<typeof bed>[0] = {},
) {
  const endpoint = listener ? await backend(listener) : await echo()
  const proxy = await bed(more)
  onTestFinished(async () => {
    await proxy.stop()
    await endpoint.close()
  })
  route(proxy, middlewares, endpoint.port)
  return { proxy, endpoint }
}

export function route(
  proxy: Bed,
  list: readonly object[],
  port: number,
  others: readonly number[] = [],
) {
  const names = list.map((_, at) => `m${at}`)
  const middlewares = Object.fromEntries(list.map((one, at) => [`m${at}`, one]))
  const instances = [port, ...others].map((one, at) =>
    instance({
      port: one,
      container: String(at).repeat(64),
      routes: [{ rule: 'Host(`shop.test`)', middlewares: names }],
      policy: policySchema.parse({ middlewares }),
    }),
  )
  proxy.catalog.set(catalogOf(instances))
}

/** What an echo saw. */
export function seenIn({ body }: { readonly body: string }) {
  return JSON.parse(body)
}

/** One request for bytes, whatever they stand for. */
export async function bytes(port: number, headers: Record<string, string>) {
  const asked = httpRequest({ port, host: '127.0.0.1', headers: { Host: 'shop.test', ...headers } })
  asked.end()
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asked.on('response', resolve)
  asked.on('error', reject)
  const answer = await promise
  return { headers: answer.headers, body: await buffer(answer) }
}
