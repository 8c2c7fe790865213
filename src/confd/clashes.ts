import { PortolanError } from '../core/errors.ts'
import type { Fields } from './fields.ts'

/** Throws `bad-config` for fields of which one alone can hold. */
export function refuseClashes(name: string, fields: Fields): void {
  const what = clashOf(fields)
  if (what !== undefined) throw new PortolanError('bad-config', `${name}: ${what}`)
}

/** Whether the reload is about one file. */
export function namesFile({ reload_cmd: command = '' }: Fields): boolean {
  return /\{\{-?\s*\.?(src|dest)/.test(JSON.stringify(command))
}

function clashOf(fields: Fields): string | undefined {
  const { container, signal, restart, reload_cmd: command } = fields
  if (container === undefined && (signal !== undefined || restart)) {
    return 'signal and restart need a container: name one'
  }
  if (signal !== undefined && restart) return 'signal and restart: leave one of them out'
  if (container !== undefined && command !== undefined) {
    return 'reload_cmd and container: leave one of them out'
  }
  if (fields.owner !== undefined && fields.uid !== undefined) {
    return 'owner and uid mean the same: leave one of them out'
  }
  if (fields.group !== undefined && fields.gid !== undefined) {
    return 'group and gid mean the same: leave one of them out'
  }
  return fields.for_each !== undefined && namesFile(fields)
    ? 'reload_cmd runs once for all files of for_each: take {{dest}} out of it'
    : undefined
}
