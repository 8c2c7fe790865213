import { connect } from 'node:net'

/** Whether something accepts a TCP connection at `ip:port` within `timeoutMs`. */
export async function answersTcp(
  ip: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  if (limit.aborted) return false
  const socket = connect({ host: ip, port })
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      limit.addEventListener('abort', () => resolve(false), { once: true })
    })
  } finally {
    socket.destroy()
  }
}
