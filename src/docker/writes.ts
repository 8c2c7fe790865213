import { messageOf, PortolanError } from '../core/errors.ts'
import { http, https } from '../core/node-http.ts'
import type { Tls } from './client.ts'
import { parseEngineAddress } from './socket.ts'

/** The only calls that change something at the engine. Nobody loads this file without `--allow-writes`. */
export type EngineWrites = {
  /** `HUP` or `SIGHUP`. Rejects with `command`. */
  signal(id: string, name: string, signal: AbortSignal): Promise<void>
  restart(id: string, signal: AbortSignal): Promise<void>
}

export type WritesOptions = {
  /** In DOCKER_HOST's form. */
  readonly host: string
  readonly tls?: Tls
}

export function engineWrites({ host, tls }: WritesOptions): EngineWrites {
  const address = parseEngineAddress(host, tls !== undefined)
  const secure = address.kind === 'tcp' && address.secure
  const place =
    address.kind === 'unix'
      ? { socketPath: address.path }
      : { host: address.host, port: address.port, ...(secure ? tls : {}) }
  const post = (path: string, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const options = { ...place, path, method: 'POST', signal, agent: false }
      const request = (secure ? https : http).request(options, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => {
          const { statusCode = 0 } = answer
          if (statusCode < 300) resolve()
          else reject(refused(path, statusCode, text))
        })
        answer.on('error', (error) => reject(unsent(path, error)))
      })
      request.on('error', (error) => reject(unsent(path, error)))
      request.end()
    })
  return {
    signal: (id, name, signal) => post(`/containers/${id}/kill?signal=${name}`, signal),
    restart: (id, signal) => post(`/containers/${id}/restart`, signal),
  }
}

function refused(path: string, status: number, text: string): PortolanError {
  const why = `the engine answered POST ${path} with ${status}: ${text.trim().slice(0, 300)}`
  const remedy = status === 403 ? '; a socket proxy has to let it pass' : ''
  return new PortolanError('command', `${why}${remedy}`)
}

function unsent(path: string, cause: unknown): PortolanError {
  return new PortolanError('command', `POST ${path}: ${messageOf(cause)}`, { cause })
}
