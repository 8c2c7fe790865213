import type { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import { abouts, settings } from './settings.ts'

/** Every setting, read and checked. Durations are milliseconds; undefined is `off` or not given. */
export type Config = Readonly<z.output<typeof settings>>

/** Where settings come from. Nothing else reads either of them. */
export type Sources = {
  /** By setting name without dashes: `plain-prefix`. */
  readonly flags: ReadonlyMap<string, string>
  readonly env: NodeJS.ProcessEnv
}

/**
 * Flags win over `PORTOLAN_*` variables, which win over defaults. An empty variable counts as not set, because
 * compose files make such (`PORTOLAN_NODE: ${NODE:-}`); variables that are no setting are ignored, because Docker's
 * links make such. Throws `bad-config` with one line for each wrong value: setting, value, source, remedy.
 */
export function readConfig(sources: Sources): Config {
  const config = parsed(settings, sources)
  const conflicts = conflictsOf(config)
  if (conflicts.length > 0) throw new PortolanError('bad-config', conflicts.join('\n'))
  return config
}

/** Only where the admin server is, so that a command asks it whatever the other settings are. */
export function readAdmin(sources: Sources): Config['admin'] {
  return parsed(settings.pick({ admin: true }), sources).admin
}

/** The variable of the setting `name`. */
export function variableOf(name: string): string {
  return `PORTOLAN_${name.toUpperCase().replaceAll('-', '_')}`
}

function parsed<S extends z.ZodObject>(schema: S, sources: Sources): z.output<S> {
  const given = new Map<PropertyKey, Given>()
  for (const [key, one] of Object.entries(schema.shape)) {
    const found = givenOf(abouts.get(one)?.name ?? key, sources)
    if (found) given.set(key, found)
  }
  const texts = Object.fromEntries([...given].map(([key, { text }]) => [key, text]))
  const result = schema.safeParse(texts)
  if (result.success) return result.data
  const lines = result.error.issues.map(({ path: [key = ''], message }) => {
    return `${given.get(key)?.source ?? String(key)}: ${message}`
  })
  throw new PortolanError('bad-config', lines.join('\n'))
}

type Given = { readonly text: string; readonly source: string }

function givenOf(name: string, { flags, env }: Sources): Given | undefined {
  const flag = flags.get(name)
  if (flag !== undefined) return { text: flag, source: `--${name}` }
  const variable = variableOf(name)
  const text = env[variable] ?? ''
  return text === '' ? undefined : { text, source: `${variable} (--${name})` }
}

/** Values that are right alone and wrong together. */
function conflictsOf(config: Config): string[] {
  const lines: string[] = []
  const { etcdCert, etcdKey, etcdUser, etcdPasswordFile, tcp, roles } = config
  if ((etcdCert === undefined) !== (etcdKey === undefined)) {
    lines.push('--etcd-cert and --etcd-key belong together: give both, or none')
  }
  if ((etcdUser === undefined) !== (etcdPasswordFile === undefined)) {
    lines.push('--etcd-user and --etcd-password-file belong together: give both, or none')
  }
  const taken = new Set(['http', 'https', 'web', 'websecure', 'admin'])
  for (const { name } of tcp) {
    if (taken.has(name)) lines.push(`--tcp: the name "${name}" is taken; choose another one`)
    taken.add(name)
  }
  if (roles.length === 0) lines.push('--roles: names none; leave it out, or name one')
  return lines
}
