import { connectTimeoutMs, isLeftWaiting } from './again.ts'
import { type Life, phase } from './life.ts'

/**
 * A client that closes its half may want the answer all the same, or has given up: nobody can tell. One that has not
 * begun within this time is not waited for.
 */
const halfClosedMs = 2000

/** No note of a tick is that. */
const trifleMs = 0.001

/** Ends an exchange in which something takes too long. */
export function endLate(life: Life, at: number, nowMs: number): void {
  const { connection, upstream, engine, sending, client, guard } = life
  const limits = guard?.limits
  const idleMs = limits?.idleMs ?? engine.idleMs
  // what moves notes the tick before it: it may have moved just now, and nothing is to end before its time
  if (life.movedMs === engine.beforeMs) life.movedMs = nowMs + trifleMs
  const stillMs = nowMs - life.movedMs
  const waitsMs = nowMs - Math.max(life.endedMs, life.startedMs)
  if (waitsMs > halfClosedMs && at !== phase.answering) return client.destroy()
  // a client that does not take what is there for it keeps nobody busy for ever
  if (at === phase.answering && life.answering.isTooSlowlyRead(nowMs, idleMs)) client.destroy()
  else if (!connection || !upstream) {
    if (guard?.pour && stillMs > idleMs && client.stream.writableLength === 0) client.destroy()
  } else if (at === phase.connecting) {
    const limitMs = limits?.connectMs ?? connectTimeoutMs(upstream.target)
    if (nowMs - life.triedMs > limitMs) connection.fail('late')
  } else if (at === phase.sent) {
    const firstByteMs = limits?.firstByteMs ?? engine.firstByteMs
    // a client that has still to send has time limits of its own
    const isWaited = sending.hasAll || client.isPaused
    if (isLeftWaiting(life, upstream)) connection.fail('paused')
    else if (isWaited && stillMs > (sending.hasAll ? firstByteMs : idleMs)) connection.fail('late')
  } else if (stillMs > idleMs && !life.answering.isEndless && client.stream.writableLength === 0) {
    connection.fail('late')
  }
}
