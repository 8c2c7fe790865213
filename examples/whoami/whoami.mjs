// Says who answers and what was asked. `/?wait=5` answers after 5 seconds, to see draining work.
//
// It leaves as a service behind Portolan should: on SIGTERM it accepts for one second more, because
// proxies learn of the signal a moment after the process, and it finishes what it has begun.

import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

let isLeaving = false

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://whoami')
  await sleep(Math.min(Number(url.searchParams.get('wait')) || 0, 60) * 1000)
  if (isLeaving) response.setHeader('connection', 'close')
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(describe(request))
})

server.listen(process.env.PORT ?? 3000, () =>
  console.log('listening on port', server.address().port),
)

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    isLeaving = true
    await sleep(1000)
    server.close(() => process.exit(0))
  })
}

function describe({ method, url, httpVersion, headers, socket }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const about = [`hostname: ${hostname()}`, `from: ${socket.remoteAddress}`]
  return [...about, '', `${method} ${url} HTTP/${httpVersion}`, ...lines, ''].join('\n')
}
