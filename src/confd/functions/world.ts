import { existsSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'

import { fault, shown } from './fault.ts'
import { member } from './lists.ts'
import { format } from './printf.ts'
import { patternOf } from './shape.ts'

/** Those that are no filters: about the machine, and with arguments of several kinds. */
export const worldFunctions = {
  getenv: (name: string, fallback = '') => process.env[name] || fallback,
  datetime: () => new Date().toISOString(),
  hostname,
  fileExists: (path: string) => existsSync(path),
  lookupIfaceIPV4: (name: string) => addressOf(name, 'IPv4'),
  lookupIfaceIPV6: (name: string) => addressOf(name, 'IPv6'),
  printf: format,
  regexReplaceAll: (pattern: string, text: string, by: string) =>
    text.replaceAll(patternOf(pattern, 'g'), by.replaceAll(/\$\{(\w+)\}/g, '$$$1')),
  assert: (condition: unknown, message = 'it does not hold') => {
    if (condition) return ''
    throw fault(`assert: ${message}`)
  },
  /** A guard against files that are empty because something else is broken. */
  min_instances: (service: unknown, least: number) => {
    const instances = member(service, 'instances') ?? service
    const count = Array.isArray(instances) ? instances.length : 0
    if (count >= least) return service
    const name = member(service, 'id')
    const of = typeof name === 'string' ? ` of ${name}` : ''
    throw fault(
      `min_instances: ${count}${of}, but at least ${least} are wanted; the last file stays`,
    )
  },
}

function addressOf(name: string, family: string): string {
  const found = networkInterfaces()[name]?.find((one) => one.family === family)
  if (found) return found.address
  throw fault(`there is no ${family} address on ${shown(name)}`)
}
