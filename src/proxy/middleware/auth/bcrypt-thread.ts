import { parentPort } from 'node:worker_threads'

import { compareSync } from 'bcryptjs'

/** A password to compare with a hash, and the number under which the answer is awaited. */
export type Question = { readonly id: number; readonly password: string; readonly hash: string }
export type Reply = { readonly id: number; readonly fits: boolean }

parentPort?.on('message', ({ id, password, hash }: Question) => {
  const reply: Reply = { id, fits: compareSync(password, hash.replace(/^\$2[xy]?\$/, '$2b$')) }
  parentPort?.postMessage(reply, [])
})
