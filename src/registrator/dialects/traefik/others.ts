import type { Problem } from '../../../core/problems.ts'
import { didYouMean } from '../../../core/suggest.ts'
import type { LabelReader } from '../labels.ts'

type Said = Omit<Problem, 'where' | 'what'>

const readElsewhere = /^traefik\.((http|tcp|udp)\..+|enable|(docker|swarm)\.network)$/i

const gone = (remedy: string): Said => ({
  severity: 'error',
  why: 'it is a label of Traefik v1',
  remedy: `write ${remedy}`,
})
const note = (why: string): Said => ({
  severity: 'note',
  why,
  remedy: 'leave it out, or let it stand',
})

/** Labels that Traefik has or had, and that are not read here; the first that fits holds. */
const table: readonly (readonly [RegExp, Said])[] = [
  [/^traefik\.(docker|swarm)\.lbswarm$/, note('each container gets its requests directly')],
  [/^traefik\.docker\.allownonrunning$/, note('what does not run gets no requests')],
  [
    /^traefik\.tls\./,
    {
      severity: 'warning',
      why: 'certificates come from --certs',
      remedy: 'put the certificate into that folder',
    },
  ],
  [
    /frontend\.rule$/,
    gone('traefik.http.routers.NAME.rule=Host(`…`), with paths as PathPrefix(`…`)'),
  ],
  [/frontend\.entrypoints$/, gone('traefik.http.routers.NAME.entrypoints')],
  [/frontend\.priority$/, gone('traefik.http.routers.NAME.priority')],
  [/frontend\.passhostheader$/, gone('traefik.http.services.NAME.loadbalancer.passhostheader')],
  [/frontend\.auth\.basic/, gone('traefik.http.middlewares.NAME.basicauth.users')],
  [/frontend\.auth\.forward/, gone('traefik.http.middlewares.NAME.forwardauth.address')],
  [
    /frontend\.redirect\.entrypoint$/,
    gone('traefik.http.middlewares.NAME.redirectscheme.scheme=https'),
  ],
  [/frontend\.redirect\./, gone('traefik.http.middlewares.NAME.redirectregex.…')],
  [/frontend\.headers\./, gone('traefik.http.middlewares.NAME.headers.…')],
  [/frontend\.whitelist\./, gone('traefik.http.middlewares.NAME.ipallowlist.sourcerange')],
  [/frontend\.ratelimit\./, gone('traefik.http.middlewares.NAME.ratelimit.average')],
  [/frontend\./, gone('the router and middlewares under traefik.http')],
  [/backend\.healthcheck\./, gone('traefik.http.services.NAME.loadbalancer.healthcheck.…')],
  [
    /backend\.loadbalancer\.stickiness/,
    gone('traefik.http.services.NAME.loadbalancer.sticky.cookie'),
  ],
  [/backend(\.|$)/, gone('the service under traefik.http.services')],
  [/\.port$/, gone('traefik.http.services.NAME.loadbalancer.server.port')],
  [/\.protocol$/, gone('traefik.http.services.NAME.loadbalancer.server.scheme')],
  [/\.weight$/, gone('traefik.http.services.NAME.loadbalancer.server.weight')],
  [/^traefik\.domain$/, gone('the host into traefik.http.routers.NAME.rule')],
]

const sections = ['http', 'tcp', 'enable', 'docker.network']

/** A problem for each label under `traefik.` that nobody reads. */
export function sayOthers(labels: Readonly<Record<string, string>>, reader: LabelReader): void {
  for (const [label, text] of Object.entries(labels)) {
    const name = label.toLowerCase()
    if (!name.startsWith('traefik.') || readElsewhere.test(name)) continue
    const found = table.find(([pattern]) => pattern.test(name))?.[1]
    reader.note(label, text, found ?? unknown(name))
  }
}

function unknown(label: string): Said {
  const [, section = '', second = ''] = label.split('.')
  const near = didYouMean(section === 'docker' ? `${section}.${second}` : section, sections)
  return {
    severity: 'warning',
    why: `there is no such label${near}`,
    remedy: 'remove it, or look up its name in the list of labels',
  }
}
