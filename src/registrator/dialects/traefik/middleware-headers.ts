import {
  boolean,
  integer,
  needless,
  pairs,
  strings,
  struct,
  text,
  type Values,
  without,
} from './decode.ts'
import { type Draft, kind, type Kind } from './middleware-kind.ts'

const trusted = 'proxies in front are believed by --trust'

const options = {
  customrequestheaders: pairs,
  customresponseheaders: pairs,
  accesscontrolallowcredentials: boolean,
  accesscontrolallowheaders: strings,
  accesscontrolallowmethods: strings,
  accesscontrolalloworiginlist: strings,
  accesscontrolalloworiginlistregex: strings,
  accesscontrolexposeheaders: strings,
  accesscontrolmaxage: integer,
  addvaryheader: boolean,
  allowedhosts: strings,
  hostsproxyheaders: needless(trusted),
  sslproxyheaders: needless(trusted),
  sslredirect: boolean,
  ssltemporaryredirect: boolean,
  sslhost: without('the host stays the one that was asked for', 'use redirectregex'),
  sslforcehost: without('the host stays the one that was asked for', 'use redirectregex'),
  stsseconds: integer,
  stsincludesubdomains: boolean,
  stspreload: boolean,
  forcestsheader: boolean,
  framedeny: boolean,
  customframeoptionsvalue: text,
  contenttypenosniff: boolean,
  browserxssfilter: boolean,
  custombrowserxssvalue: text,
  contentsecuritypolicy: text,
  contentsecuritypolicyreportonly: text,
  publickey: text,
  referrerpolicy: text,
  permissionspolicy: text,
  featurepolicy: text,
  isdevelopment: boolean,
}

type Options = Values<typeof options>

/** One type of Traefik's, several of ours: redirect, allowed hosts, CORS and headers, in this order. */
export const headersKind: Kind = kind(struct(options), (given) => [
  ...redirect(given),
  ...allowHosts(given),
  ...cors(given),
  ...headers(given),
])

function redirect({ sslredirect, ssltemporaryredirect, isdevelopment }: Options): Draft[] {
  if (sslredirect !== true || isdevelopment === true) return []
  return [{ redirectScheme: { scheme: 'https', permanent: ssltemporaryredirect !== true } }]
}

function allowHosts({ allowedhosts = [], isdevelopment }: Options): Draft[] {
  return allowedhosts.length === 0 || isdevelopment === true ? [] : [{ allowHosts: allowedhosts }]
}

function cors(given: Options): Draft[] {
  const asked = Object.keys(given).some((name) => name.startsWith('accesscontrol'))
  if (!asked && given.addvaryheader !== true) return []
  return [
    {
      cors: {
        origins: given.accesscontrolalloworiginlist,
        originRegexes: given.accesscontrolalloworiginlistregex,
        methods: given.accesscontrolallowmethods,
        headers: given.accesscontrolallowheaders,
        exposeHeaders: given.accesscontrolexposeheaders,
        credentials: given.accesscontrolallowcredentials,
        maxAge: given.accesscontrolmaxage,
        vary: given.addvaryheader,
      },
    },
  ]
}

function headers(given: Options): Draft[] {
  const request = given.customrequestheaders ?? {}
  const strict = strictTransport(given)
  const isForced = given.forcestsheader === true
  const response = { ...secure(given), ...(isForced && strict), ...given.customresponseheaders }
  const secureResponse = isForced ? {} : strict
  if (![request, response, secureResponse].some(hasAny)) return []
  return [{ headers: { request, response, ...(hasAny(secureResponse) && { secureResponse }) } }]
}

function hasAny(named: Readonly<Record<string, string>>): boolean {
  return Object.keys(named).length > 0
}

/** The headers that Traefik (by unrolled/secure) makes of short options. */
function secure(given: Options): Record<string, string> {
  const frame = given.customframeoptionsvalue || (given.framedeny === true ? 'DENY' : undefined)
  const filter = given.browserxssfilter === true ? '1; mode=block' : undefined
  const named = {
    'X-Frame-Options': frame,
    'X-Content-Type-Options': given.contenttypenosniff === true ? 'nosniff' : undefined,
    'X-XSS-Protection': given.custombrowserxssvalue || filter,
    'Content-Security-Policy': given.contentsecuritypolicy,
    'Content-Security-Policy-Report-Only': given.contentsecuritypolicyreportonly,
    'Public-Key-Pins': given.publickey,
    'Referrer-Policy': given.referrerpolicy,
    'Permissions-Policy': given.permissionspolicy,
    'Feature-Policy': given.featurepolicy,
  }
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  )
}

/** Never over plain HTTP (RFC 6797, 7.2), unless `forceSTSHeader` asks for it. */
function strictTransport(given: Options): Record<string, string> {
  const { stsseconds = 0, stsincludesubdomains, stspreload, isdevelopment } = given
  if (stsseconds <= 0 || isdevelopment === true) return {}
  const more = [
    stsincludesubdomains === true ? '; includeSubDomains' : '',
    stspreload === true ? '; preload' : '',
  ]
  return { 'Strict-Transport-Security': `max-age=${stsseconds}${more.join('')}` }
}
