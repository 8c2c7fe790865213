// What the proxies of this benchmark forward to: takes the body, answers 200 and a few bytes.
// Prints its port.

import { createServer } from 'node:http'

const body = 'hello\n'
const headers = { 'content-type': 'text/plain', 'content-length': body.length }

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, headers).end(body))
})
// proxies keep connections while others have their turn; one that we closed would be an error of theirs
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
