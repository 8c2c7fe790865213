import pino, { type DestinationStream, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** The logger that components take: constant message, fields for what varies. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(fields: Readonly<Record<string, unknown>>): Log
}

export type LogOptions = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
  /** Where lines go; standard error unless given. */
  readonly to?: DestinationStream
}

/** Names of fields whose values never reach a log line. */
const secrets = ['password', '*.password', 'authorization', '*.authorization', 'token', '*.token']

/** JSON lines with time, level and message; `pretty` is for people at a terminal. */
export function createLog({ level, format, to }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: secrets,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (format === 'json') return pino(options, to ?? pino.destination(2))
  const stream = pretty({ destination: to ?? 2, translateTime: 'SYS:HH:MM:ss.l', sync: true })
  return pino({ ...options, formatters: {} }, stream)
}
