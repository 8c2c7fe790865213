import type { Socket } from 'node:net'

import type { HoldQueue } from '../exchange/hold.ts'

/** Waits until something changes, unless the client goes away. */
export async function held(
  client: Socket,
  key: string,
  ms: number,
  hold: HoldQueue,
): Promise<'look again' | 'full' | 'gone'> {
  if (client.destroyed) return 'gone'
  const { promise, resolve } = Promise.withResolvers<'look again' | 'gone'>()
  const leave = hold.wait(key, ms, () => resolve('look again'))
  if (!leave) return 'full'
  const gone = () => {
    leave()
    resolve('gone')
  }
  client.once('close', gone)
  const woken = await promise
  client.off('close', gone)
  return woken
}
