import { PortolanError } from '../../core/errors.ts'
import type { Route } from '../../core/route.ts'
import { ruleOf } from '../../core/rule/rule-of.ts'
import type { Container } from '../../docker/docker.ts'
import { defaultHost, serviceOf } from '../names.ts'
import { looksLikeHttp } from '../ports.ts'
import {
  type Declaration,
  type DeclaredPort,
  type Dialect,
  type Facts,
  nothing,
} from './dialect.ts'
import {
  booleanOf,
  choiceOf,
  type LabelReader,
  labelReader,
  listOf,
  portOf,
  serviceNameOf,
  weightOf,
} from './labels.ts'

/** Labels of ours that are read but not served yet: said, never silently dropped. */
const notYet = new Set(
  (
    'rule tcp sni lb sticky health role probe canary mirror fallback locality redirect-https basic-auth ' +
    'forward-auth allow-ip rate-limit in-flight compress max-body timeout'
  ).split(' '),
)
const notYetUnder = ['health.', 'routes.', 'header.', 'sticky.']

const read = {
  enable: booleanOf,
  expose: booleanOf,
  strip: booleanOf,
  port: portOf,
  weight: weightOf,
  service: serviceNameOf,
  scheme: choiceOf(['http', 'https', 'h2c']),
  network: (text: string) => text,
  host: (text: string) => text,
  path: (text: string) => text,
} as const

type Own = { -readonly [K in keyof typeof read]?: ReturnType<(typeof read)[K]> | undefined }

/** Portolan's own labels: `portolan.host=shop.example.com` and its companions. */
export const portolanDialect: Dialect = (facts, settings) => {
  const { container } = facts
  const reader = labelReader(`container ${container.name}`)
  const { own, broken } = ownLabels(container, reader)
  const automatic = settings.exposeAll && !hasRoute(container) ? httpPort(container) : undefined
  const exposed = own.expose === true || automatic !== undefined
  own.port ??= automatic
  const asked = hostsOf(own, reader)
  const hosts = [...asked]
  if (hosts.length === 0 && exposed) hosts.push(defaultHost(facts, own.service, settings.domain))
  const paths = pathsOf(own, reader)
  const routed =
    hosts.length > 0 && paths !== undefined && !broken.has('port') && !broken.has('path')
  return {
    ...nothing,
    enabled: own.enable,
    network: own.network,
    named: own.port === undefined ? [] : [own.port],
    ports: portsOf(own),
    ...(routed ? routeTo(facts, own, hosts, paths, asked.length === 0) : {}),
    problems: reader.problems,
  }
}

/** The service's name is for all ports; scheme and weight are too, and matter where routes go. */
function portsOf({ service, weight, scheme }: Own): DeclaredPort[] {
  if ((service ?? weight ?? scheme) === undefined) return []
  return [
    {
      port: undefined,
      ...(service !== undefined && { service }),
      ...(weight !== undefined && { weight }),
      ...(scheme !== undefined && { scheme }),
    },
  ]
}

/** Whether a label decides, so that exposing everything leaves it alone. */
function hasRoute({ labels }: Container): boolean {
  return labels['portolan.host'] !== undefined || labels['portolan.expose'] !== undefined
}

function httpPort({ ports }: Container): number | undefined {
  return ports.find(looksLikeHttp)?.port
}

function ownLabels({ labels }: Container, reader: LabelReader) {
  const own: Own = {}
  const broken = new Set<string>()
  for (const [label, text] of Object.entries(labels)) {
    if (!label.startsWith('portolan.')) continue
    const key = label.slice('portolan.'.length)
    if (isOwn(key)) {
      const value = reader.read(label, text.trim(), (trimmed) => ({ [key]: read[key](trimmed) }))
      if (value === undefined) broken.add(key)
      else Object.assign(own, value)
    } else {
      sayUnread(label, key, text, reader)
    }
  }
  return { own, broken }
}

function isOwn(key: string): key is keyof typeof read {
  return Object.hasOwn(read, key)
}

function sayUnread(label: string, key: string, text: string, reader: LabelReader): void {
  const later = notYet.has(key) || notYetUnder.some((start) => key.startsWith(start))
  const shown = /auth|header/.test(key) ? '…' : text
  reader.note(
    label,
    shown,
    later
      ? {
          severity: 'error',
          why: 'not supported yet',
          remedy: 'remove the label, or do without it for now',
        }
      : {
          severity: 'warning',
          why: 'no such label',
          remedy: 'remove it, or look up the name in the table of labels',
        },
  )
}

function hostsOf(own: Own, reader: LabelReader): string[] {
  return listOf(own.host ?? '').filter((host) =>
    reader.read('portolan.host', host, (text) => ruleOf({ hosts: [text], paths: [] })),
  )
}

/** The paths that are good; undefined when paths were asked for and none is: never open what was to be narrow. */
function pathsOf(own: Own, reader: LabelReader): string[] | undefined {
  if (own.path === undefined) return []
  const paths = listOf(own.path).filter((path) => reader.read('portolan.path', path, pathOf))
  return paths.length > 0 ? paths : undefined
}

function pathOf(text: string): string {
  if (/^\/[^\s?#`"]*$/.test(text)) return text
  throw new PortolanError('bad-value', 'it is not a path; begin it with "/", without ? and #')
}

function routeTo(
  facts: Facts,
  own: Own,
  hosts: readonly string[],
  paths: readonly string[],
  isDefault: boolean,
): Pick<Declaration, 'routes' | 'middlewares'> {
  const strip = own.strip === true && paths.length > 0
  const route: Route = {
    name: serviceOf(facts, own.service).service,
    kind: 'http',
    entrypoints: ['http'],
    rule: ruleOf({ hosts, paths }),
    priority: null,
    middlewares: strip ? ['strip'] : [],
    tls: null,
    shared: false,
    source: isDefault ? 'default' : 'label',
  }
  return {
    routes: [{ port: own.port, route }],
    middlewares: strip ? { strip: { stripPrefix: [...paths] } } : {},
  }
}
