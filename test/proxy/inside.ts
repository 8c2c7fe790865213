import { once } from 'node:events'
import { Session } from 'node:inspector/promises'

import { z } from 'zod'

const evaluated = z.object({ result: z.object({ result: z.object({ value: z.unknown() }) }) })

/** The inside of this process's newest worker: what evaluates an expression there; a value of it has to be plain. */
export async function inside() {
  const session = new Session()
  session.connect()
  const sessions: string[] = []
  session.on('NodeWorker.attachedToWorker', ({ params }) => sessions.push(params.sessionId))
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  if (sessions.length === 0) await once(session, 'NodeWorker.attachedToWorker')

  async function begin(expression: string): Promise<void> {
    const params = { expression, returnByValue: true }
    const sessionId = sessions.at(-1) ?? ''
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params })
    await session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
  }

  return {
    /** Does not wait for its end. */
    begin,
    async evaluate(expression: string): Promise<unknown> {
      const answered = once(session, 'NodeWorker.receivedMessageFromWorker')
      await begin(expression)
      const [{ params }] = await answered
      return evaluated.parse(JSON.parse(params.message)).result.result.value
    },
    [Symbol.dispose]: () => session.disconnect(),
  }
}
