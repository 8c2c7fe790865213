/** Linux's numbers (signal(7)): the engine's, whatever this process runs on. */
const numbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  ALRM: 14,
  TERM: 15,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  WINCH: 28,
  PWR: 30,
}

const firstRealTime = 34
const lastRealTime = 64

/** The number of `SIGTERM`, `TERM`, `15` or `SIGRTMIN+3`; SIGTERM's for nothing and for what nobody knows. */
export function signalNumber(text: string | null | undefined): number {
  const name = (text ?? '').trim().toUpperCase().replace(/^SIG/, '')
  if (/^\d+$/.test(name)) return Number(name)
  const [, end, distance = '0'] = /^RT(MIN|MAX)(?:[+-](\d+))?$/.exec(name) ?? []
  if (end === 'MIN') return firstRealTime + Number(distance)
  if (end === 'MAX') return lastRealTime - Number(distance)
  return numbers[name] ?? 15
}

/** SIGKILL: whoever gets it is as good as dead. */
export function isFatal(signal: number): boolean {
  return signal === 9
}

/** Whether `signal` asks a container to end: its own stop signal, or one that people end programs with. */
export function asksToStop(signal: number, stopSignal: number): boolean {
  return signal === stopSignal || signal === 2 || signal === 3 || signal === 15
}
