// Load over TLS: `resumed.ts PORT SECONDS CLIENTS HOST`. Each client connects anew for each request and resumes its
// session. Prints how many requests were answered. All offer the same group only: which one a server would choose of
// several depends on its OpenSSL (3.5 takes X25519MLKEM768, which older ones don't know), and is a good part of the cost.

import { once } from 'node:events'
import { connect, createSecureContext } from 'node:tls'

const [port = '', seconds = '', clients = '', host = ''] = process.argv.slice(2)
const request = `GET /small HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
const until = performance.now() + Number(seconds) * 1000
const secureContext = createSecureContext({ ecdhCurve: 'X25519', minVersion: 'TLSv1.3' })
let [answered, reused] = [0, 0]

await Promise.all(Array.from({ length: Number(clients) }, client))
// the first handshake of each client is whole
if (reused < answered - 2 * Number(clients))
  throw new Error(`${reused} of ${answered} were resumed`)
console.log(answered)

async function client(): Promise<void> {
  let session: Buffer | undefined
  while (performance.now() < until) {
    // the certificate is made for the benchmark
    const socket = connect({
      port: Number(port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      secureContext,
      ...(session ? { session } : {}),
    })
    socket.on('session', (fresh: Buffer) => (session = fresh))
    socket.on('secureConnect', () => (reused += socket.isSessionReused() ? 1 : 0))
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    socket.write(request)
    await once(socket, 'close')
    if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(`no good answer: ${text}`)
    answered++
  }
}
