import type { ServerHttp2Stream } from 'node:http2'

import { normalHost } from '../../core/rule/host.ts'
import type { RequestView } from '../../core/rule/request.ts'
import { trailOf } from '../access/trail.ts'
import type { Arrival } from '../arrivals.ts'
import { originOf } from '../clients.ts'
import { Asked } from '../exchange/asked.ts'
import type { Engine } from '../exchange/engine.ts'
import type { Front } from '../exchange/front.ts'
import { areOfStreams, isCall } from '../middleware/streams.ts'
import { normalPath } from '../paths.ts'
import { DirectExchange } from './direct.ts'
import { requestText } from './request-head.ts'

/**
 * Takes requests whose route leads to endpoints of HTTP/2, and says so; all others, and those that are to be refused,
 * are for the engine of HTTP/1.1.
 */
export function directly(
  front: Front,
  engine: Engine,
  arrival: Arrival,
): (stream: ServerHttp2Stream, raw: readonly string[]) => boolean {
  const { peer } = arrival
  const origin = originOf(arrival, front, engine)
  const isTrusted = engine.trust(peer)

  return (stream, raw) => {
    const view = viewOf(raw, peer)
    const route = engine.tables.find(front.entrypoint, view)?.route
    if (!route?.targets.some(({ protocol }) => protocol === 'h2c')) return false
    const isForStreams = route.chain === undefined || areOfStreams(route.middlewares)
    if (!isForStreams && !isCall(view.headers('content-type')[0])) return false
    const text = requestText(raw, stream.endAfterHeaders)
    if (typeof text === 'number' || text.isTunnel) return false
    const bytes = Buffer.from(text.text, 'latin1')
    const head = engine.requestHead
    const asked = new Asked(origin, isTrusted)
    if (head.scan(bytes, 0, bytes.length) !== bytes.length || asked.read(head, bytes)) return false
    if (asked.isForUs) return false
    const trail = trailOf(engine, front, asked, arrival)
    trail?.read(bytes.length)
    new DirectExchange(stream, asked, front, engine, trail).look(performance.now())
    return true
  }
}

/** As rules see it, before it has been checked. */
function viewOf(raw: readonly string[], ip: string): RequestView {
  const headers = (name: string) =>
    raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name)
  const [target = ''] = headers(':path')
  const [path = '', search = ''] = target.split(/\?(.*)/s)
  const [authority = ''] = [...headers(':authority'), ...headers('host')]
  return {
    host: normalHost(authority) ?? '',
    path: normalPath(path),
    method: headers(':method')[0] ?? '',
    ip,
    headers,
    query: (name) => new URLSearchParams(search).getAll(name),
  }
}
