import type { z } from 'zod'

import { PortolanError } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import type { AdminAt } from './kinds.ts'
import { abouts, settings } from './settings.ts'
import type { TraefikLabels, TraefikWords } from './traefik-flags.ts'

/** Every setting, read and checked. Durations are milliseconds; undefined is `off` or not given. */
export type Config = Readonly<z.output<typeof settings>> & {
  /** What Traefik's flags say of its labels, and which of them are not used. */
  readonly traefik?: TraefikLabels & { readonly problems: readonly Problem[] }
}

/** Where settings come from. Nothing else reads either of them. */
export type Sources = {
  /** By setting name without dashes: `plain-prefix`. */
  readonly flags: ReadonlyMap<string, string>
  readonly env: NodeJS.ProcessEnv
  readonly traefik?: Pick<TraefikWords, 'settings' | 'labels' | 'problems'>
}

/**
 * Flags win over what Traefik's flags and variables say, which wins over `PORTOLAN_*` variables (the image sets
 * some), which win over defaults. An empty variable counts as not set, because
 * compose files make such (`PORTOLAN_NODE: ${NODE:-}`); variables that are no setting are ignored, because Docker's
 * links make such. Throws `bad-config` with one line for each wrong value: setting, value, source, remedy.
 */
export function readConfig(sources: Sources): Config {
  const config = parsed(settings, sources)
  const conflicts = conflictsOf(config)
  if (conflicts.length > 0) throw new PortolanError('bad-config', conflicts.join('\n'))
  return { ...config, ...traefikOf(sources) }
}

/** Only where the admin server is, so that a command asks it whatever the other settings are. */
export function readAdmin(sources: Sources): AdminAt | undefined {
  const { admin, adminTokenFile } = parsed(
    settings.pick({ admin: true, adminTokenFile: true }),
    sources,
  )
  return admin && { ...admin, tokenFile: adminTokenFile }
}

/** Only what labels are read with. */
export function readDialects(sources: Sources): Pick<Config, 'domain' | 'expose' | 'traefik'> {
  const own = parsed(settings.pick({ domain: true, expose: true }), sources)
  return { ...own, ...traefikOf(sources) }
}

function traefikOf({ traefik }: Sources): Pick<Config, 'traefik'> {
  if (!traefik) return {}
  const { labels, problems } = traefik
  const none = Object.keys(labels).length === 0 && problems.length === 0
  return none ? {} : { traefik: { ...labels, problems } }
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

function givenOf(name: string, { flags, env, traefik }: Sources): Given | undefined {
  const flag = flags.get(name)
  if (flag !== undefined) return { text: flag, source: `--${name}` }
  const said = traefik?.settings.get(name)
  if (said) return { text: said.text, source: `${said.source} (--${name})` }
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
  const { prefix, plainPrefix } = config
  if (plainPrefix !== undefined && (within(plainPrefix, prefix) || within(prefix, plainPrefix))) {
    lines.push(`--plain-prefix: ${plainPrefix} and --prefix ${prefix} overlap; choose other roots`)
  }
  const taken = new Set(['http', 'https', 'web', 'websecure', 'admin'])
  for (const { name } of tcp) {
    if (taken.has(name)) lines.push(`--tcp: the name "${name}" is taken; choose another one`)
    taken.add(name)
  }
  if (roles.length === 0) lines.push('--roles: names none; leave it out, or name one')
  return lines
}

function within(key: string, root: string): boolean {
  return `${key}/`.startsWith(`${root}/`)
}
