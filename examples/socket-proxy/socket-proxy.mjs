// Lets through to Docker's socket what Portolan asks, and nothing else: GET of a few paths.
// GET alone is no protection: `/containers/<id>/archive` reads files, `/attach/ws` takes over a terminal.
//
//   node socket-proxy.mjs /var/run/docker.sock /run/docker/docker.sock

import { chmodSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'

const [engine, here] = process.argv.slice(2)
const word = String.raw`[A-Za-z0-9][\w.-]*`
const allowed = new RegExp(
  String.raw`^(/v1\.\d+)?/(_ping|version|info|events|containers/json|containers/${word}/json|networks|networks/${word})(\?|$)`,
)

const server = createServer((asked, answer) => {
  asked.resume()
  const { method, url } = asked
  if (!/^(GET|HEAD)$/.test(method) || !allowed.test(url)) {
    console.log('refused', method, url)
    return json(answer, 403, `${method} ${url} is not allowed by the socket proxy`)
  }
  // neither body nor headers of the client are passed on
  const onward = request({ socketPath: engine, method, path: url, headers: { host: 'docker' } })
  onward.on('response', (given) => {
    answer.writeHead(given.statusCode, withoutHop(given.headers))
    answer.flushHeaders()
    given.pipe(answer)
    given.on('error', () => answer.destroy())
  })
  onward.on('error', (error) => {
    if (answer.headersSent) answer.destroy()
    else json(answer, 502, `the engine at ${engine} does not answer: ${error.message}`)
  })
  answer.on('close', () => onward.destroy())
  onward.end()
})

// what a killed predecessor left; the folder is a volume, so that a restart here is seen there
rmSync(here, { force: true })
server.listen(here, () => {
  chmodSync(here, 0o666)
  console.log('listening', here)
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
}

function withoutHop(headers) {
  const hop = ['connection', 'keep-alive', 'transfer-encoding']
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hop.includes(name)))
}

function json(answer, status, message) {
  answer.writeHead(status, { 'content-type': 'application/json' })
  answer.end(JSON.stringify({ message }))
}
