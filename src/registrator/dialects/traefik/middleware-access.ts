import {
  boolean,
  durationMs,
  integer,
  needless,
  ranges,
  strings,
  struct,
  text,
  without,
} from './decode.ts'
import {
  criterion,
  criterionOf,
  kind,
  type Kind,
  none,
  sourceOf,
  strategy,
} from './middleware-kind.ts'

const users = struct({
  users: strings,
  usersfile: without('files of users are not read', 'write its lines into users, between commas'),
  realm: text,
  removeheader: boolean,
  headerfield: text,
})

type Users = {
  readonly users?: string[] | undefined
  readonly realm?: string | undefined
  readonly removeheader?: boolean | undefined
  readonly headerfield?: string | undefined
}

function usersOf({ users: list = [], realm, removeheader, headerfield }: Users) {
  if (list.length === 0) return undefined
  return { users: list, realm, removeHeader: removeheader, userHeader: headerfield }
}

const forwardAuth = struct({
  address: text,
  trustforwardheader: boolean,
  authresponseheaders: strings,
  authresponseheadersregex: text,
  authrequestheaders: strings,
  addauthcookiestoresponse: strings,
  forwardbody: boolean,
  maxbodysize: integer,
  headerfield: text,
  preserverequestmethod: boolean,
  preservelocationheader: without(
    'the Location header goes to the client as it is',
    'leave it out',
  ),
  tls: without(
    'the usual authorities are asked, and no certificate is shown',
    'use http in your own network',
  ),
  maxresponsebodysize: needless('answers of it are bounded'),
})

/** For HTTP and TCP. */
export const allowList = kind(
  struct({ sourcerange: ranges, ipstrategy: strategy, rejectstatuscode: integer }),
  ({ sourcerange: list = [], ipstrategy, rejectstatuscode: status }) =>
    list.length > 0
      ? [{ allowIp: { ranges: list, source: sourceOf(ipstrategy), status } }]
      : 'sourcerange is missing',
)

/** Types that decide who may, and how often. */
export const accessKinds: Readonly<Record<string, Kind>> = {
  basicauth: kind(users, (options) => {
    const basicAuth = usersOf(options)
    return basicAuth ? [{ basicAuth }] : 'users is missing'
  }),
  digestauth: kind(users, (options) => {
    const digestAuth = usersOf(options)
    return digestAuth ? [{ digestAuth }] : 'users is missing'
  }),
  forwardauth: kind(forwardAuth, ({ address, ...more }) => {
    if (!address) return 'address is missing'
    const auth = {
      address,
      trustForwardHeader: more.trustforwardheader,
      requestHeaders: more.authrequestheaders,
      responseHeaders: more.authresponseheaders,
      responseHeadersRegex: more.authresponseheadersregex,
      cookies: more.addauthcookiestoresponse,
      forwardBody: more.forwardbody,
      maxBodyBytes: limit(more.maxbodysize),
      keepMethod: more.preserverequestmethod,
      userHeader: more.headerfield,
    }
    return [{ forwardAuth: auth }]
  }),
  ipallowlist: allowList,
  // its name until v3
  ipwhitelist: allowList,
  ratelimit: kind(
    struct({
      average: integer,
      burst: integer,
      period: durationMs,
      sourcecriterion: criterion,
      redis: without('each node counts for itself', 'leave it out'),
    }),
    ({ average = 0, burst, period, sourcecriterion }) => {
      const source = criterionOf(sourcecriterion)
      return [{ rateLimit: { average, burst, periodMs: period, source } }]
    },
  ),
  inflightreq: kind(
    struct({ amount: integer, sourcecriterion: criterion }),
    ({ amount, sourcecriterion }) => {
      if (amount === undefined) return 'amount is missing'
      // Traefik counts by host unless told otherwise
      return [{ inFlight: { amount, source: criterionOf(sourcecriterion) ?? { host: true } } }]
    },
  ),
  passtlsclientcert: none('certificates of clients are not passed on', 'take it off the route'),
}

/** Traefik says -1, and here and there 0, for "without limit". */
export function limit(bytes: number | undefined): number | undefined {
  return bytes !== undefined && bytes > 0 ? bytes : undefined
}
