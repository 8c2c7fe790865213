import type { Problem } from '../core/problems.ts'

/** What one of Traefik's flags comes to here. */
export type Effect =
  /** One of our settings; `more` is added to what other flags said. */
  | { readonly kind: 'setting'; readonly name: string; readonly text: string; readonly more?: true }
  /** How Traefik's labels are read. */
  | { readonly kind: 'labels'; readonly name: LabelSetting; readonly text: string }
  /** It is so in any case. */
  | { readonly kind: 'same' }
  | ({ readonly kind: 'problem' } & Pick<Problem, 'severity' | 'why' | 'remedy'>)

export type LabelSetting = 'defaultRule' | 'network' | 'exposedByDefault'

/** `name` is a pattern in lower case; `part` is what its first group has found. */
type Row = {
  readonly name: RegExp
  readonly effect: (text: string, part: string) => readonly Effect[]
}

const same = (): readonly Effect[] => [{ kind: 'same' }]
const always = (text: string): readonly Effect[] =>
  /^(true|1)$/i.test(text)
    ? same()
    : [problem('note', 'health, metrics and dashboard are one server', 'close it with --admin=off')]
const setting =
  (name: string, change = (text: string) => text) =>
  (text: string): readonly Effect[] => [{ kind: 'setting', name, text: change(text) }]
const labels =
  (name: LabelSetting) =>
  (text: string): readonly Effect[] => [{ kind: 'labels', name, text }]
const says = (severity: Problem['severity'], why: string, remedy: string) => () => [
  problem(severity, why, remedy),
]

const levels = new Map([
  ['fatal', 'error'],
  ['panic', 'error'],
])

/** The first row that fits holds. */
const rows: readonly Row[] = [
  { name: /^entrypoints\.(?:web|http)\.address$/, effect: setting('http', addressOf) },
  { name: /^entrypoints\.(?:websecure|https)\.address$/, effect: setting('https', addressOf) },
  {
    name: /^entrypoints\.(?:traefik|admin)\.address$/,
    effect: says('note', 'health, metrics and dashboard are one server', 'move it with --admin'),
  },
  { name: /^entrypoints\.([a-z][a-z0-9_-]*)\.address$/, effect: entrypoint },
  {
    name: /^entrypoints\.[^.]+\.(?:forwardedheaders|proxyprotocol)\.trustedips$/,
    effect: (text) => [{ kind: 'setting', name: 'trust', text, more: true }],
  },
  {
    name: /^entrypoints\.[^.]+\.transport\.lifecycle\.gracetimeout$/,
    effect: setting('drain', (text) => (/^\d+$/.test(text) ? `${text}s` : text)),
  },
  {
    name: /^entrypoints\.[^.]+\.http\.redirections\b/,
    effect: says(
      'warning',
      'an entrypoint redirects nothing by itself',
      'give routers the middleware redirectscheme',
    ),
  },
  {
    name: /^entrypoints\.[^.]+\.http\.middlewares$/,
    effect: says(
      'error',
      'an entrypoint has no middlewares: what they were to refuse gets through',
      'name them at each router',
    ),
  },
  {
    name: /^entrypoints\.[^.]+\.http\.tls\b/,
    effect: says('note', 'the entrypoint https has TLS in any case', 'leave it out'),
  },
  {
    name: /^entrypoints\.[^.]+\.(?:forwardedheaders|proxyprotocol)\.insecure$/,
    effect: says('warning', 'not everybody is believed', 'name the proxies in front: --trust'),
  },
  { name: /^providers\.docker(?:\.watch)?$/, effect: same },
  { name: /^providers\.docker\.endpoint$/, effect: setting('docker') },
  { name: /^providers\.docker\.network$/, effect: labels('network') },
  { name: /^providers\.docker\.defaultrule$/, effect: labels('defaultRule') },
  { name: /^providers\.docker\.exposedbydefault$/, effect: exposedByDefault },
  {
    name: /^providers\.docker\.constraints$/,
    effect: says(
      'error',
      'constraints are not read: containers that they were to leave out are routed',
      'write traefik.enable=false to these',
    ),
  },
  {
    name: /^providers\.(?!docker\.)/,
    effect: says(
      'warning',
      'only the labels of containers are read',
      'write routes into the store: routes/NAME',
    ),
  },
  {
    name: /^certificatesresolvers\./,
    effect: says(
      'warning',
      'certificates are not fetched',
      'put them into a folder, and name it with --certs',
    ),
  },
  {
    name: /^log\.level$/,
    effect: setting('log-level', (text) => levels.get(text.toLowerCase()) ?? text.toLowerCase()),
  },
  {
    name: /^log\.format$/,
    effect: setting('log-format', (text) => (text === 'common' ? 'pretty' : text)),
  },
  {
    name: /^accesslog$/,
    effect: setting('access-log', (text) => (/^(true|1)$/i.test(text) ? 'all' : 'off')),
  },
  {
    name: /^(?:api|api\.dashboard|api\.insecure|ping|metrics|metrics\.prometheus)$/,
    effect: always,
  },
  { name: /^global\./, effect: same },
]

const roots =
  'entrypoints providers log accesslog api ping metrics tracing certificatesresolvers serverstransport ' +
  'tcpserverstransport global hostresolver experimental core spiffe ocsp configfile'
const known = new Set(roots.split(' '))

/** Whether a flag is one of Traefik's; `name` without dashes. */
export function isTraefikFlag(name: string): boolean {
  return known.has(name.toLowerCase().split('.')[0] ?? '')
}

/** What the flag comes to; undefined: nothing at all. */
export function effectOf(name: string, text: string): readonly Effect[] | undefined {
  const lower = name.toLowerCase()
  const row = rows.find((one) => one.name.test(lower))
  return row?.effect(text, row.name.exec(lower)?.[1] ?? '')
}

/** Of `:443/tcp` the address. */
function addressOf(text: string): string {
  return text.replace(/\/tcp$/, '')
}

function entrypoint(text: string, name: string): readonly Effect[] {
  if (text.endsWith('/udp')) {
    return [problem('error', 'UDP is not supported yet', 'publish that port in the compose file')]
  }
  return [{ kind: 'setting', name: 'tcp', text: `${name}=${addressOf(text)}`, more: true }]
}

function exposedByDefault(text: string): readonly Effect[] {
  const all: Effect = { kind: 'setting', name: 'expose', text: 'all' }
  const said: Effect = { kind: 'labels', name: 'exposedByDefault', text }
  return /^(true|1)$/i.test(text) ? [all, said] : [said]
}

function problem(severity: Problem['severity'], why: string, remedy: string): Effect {
  return { kind: 'problem', severity, why, remedy }
}
