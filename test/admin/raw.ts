import { once } from 'node:events'
import { connect } from 'node:net'

/** Sends `text` as it is to a port of loopback, and gives all that comes back until the other side closes. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8').setTimeout(5000)
  socket.on('timeout', () =>
    socket.destroy(new Error(`no end within 5 s of ${JSON.stringify(text)}`)),
  )
  let answer = ''
  socket.on('data', (piece: string) => (answer += piece))
  socket.end(text)
  await once(socket, 'close')
  return answer
}

/** Status of a request with these headers; `Connection: close` is added. */
export async function statusOf(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>>,
) {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([k, v]) => `${k}: ${v}\r\n`,
  )
  const answer = await raw(port, `${line} HTTP/1.1\r\n${lines.join('')}\r\n`)
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
}
