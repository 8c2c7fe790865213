import { expect, test } from 'vitest'

import { container, register } from './containers.ts'
import { declareMiddleware as declare, type Labels } from './traefik.ts'

test.for<[string, Labels, object]>([
  ['addprefix', { 'addprefix.prefix': '/x' }, { addPrefix: '/x' }],
  ['stripprefix', { 'stripprefix.prefixes': '/a, /b' }, { stripPrefix: ['/a', '/b'] }],
  [
    'stripprefixregex',
    { 'stripprefixregex.regex': '/v[0-9]+' },
    { stripPrefixRegex: ['/v[0-9]+'] },
  ],
  ['replacepath', { 'replacepath.path': '/x' }, { replacePath: '/x' }],
  [
    'replacepathregex',
    { 'replacepathregex.regex': '^/a/(.*)', 'replacepathregex.replacement': '/b/$1' },
    { replacePathRegex: { regex: '^/a/(.*)', replacement: '/b/$1' } },
  ],
  [
    'redirectscheme',
    {
      'redirectScheme.scheme': 'https',
      'redirectScheme.permanent': 'true',
      'redirectscheme.port': '8443',
    },
    { redirectScheme: { scheme: 'https', permanent: true, port: 8443 } },
  ],
  [
    'redirectregex',
    { 'redirectregex.regex': '^http://a/(.*)', 'redirectregex.replacement': 'https://b/${1}' },
    { redirectRegex: { regex: '^http://a/(.*)', replacement: 'https://b/${1}', permanent: false } },
  ],
  [
    'basicauth',
    {
      'basicauth.users': 'joe:$apr1$x$y,ann:{SHA}z',
      'basicauth.removeheader': '1',
      'basicauth.headerfield': 'X-User',
    },
    {
      basicAuth: {
        users: ['joe:$apr1$x$y', 'ann:{SHA}z'],
        realm: 'traefik',
        removeHeader: true,
        userHeader: 'X-User',
      },
    },
  ],
  [
    'digestauth',
    { 'digestauth.users': 'joe:traefik:abc', 'digestauth.realm': 'r' },
    { digestAuth: { users: ['joe:traefik:abc'], realm: 'r', removeHeader: false } },
  ],
  [
    'forwardauth',
    {
      'forwardauth.address': 'http://auth:9091/verify',
      'forwardauth.trustforwardheader': 'true',
      'forwardauth.authresponseheaders': 'Remote-User,Remote-Groups',
      'forwardauth.addauthcookiestoresponse': 'session',
      'forwardauth.maxbodysize': '-1',
    },
    {
      forwardAuth: {
        address: 'http://auth:9091/verify',
        trustForwardHeader: true,
        requestHeaders: [],
        responseHeaders: ['Remote-User', 'Remote-Groups'],
        cookies: ['session'],
        forwardBody: false,
        keepMethod: false,
      },
    },
  ],
  [
    'ipallowlist',
    { 'ipallowlist.sourcerange': '10.0.0.0/8, ::1', 'ipallowlist.ipstrategy.depth': '1' },
    { allowIp: { ranges: ['10.0.0.0/8', '::1'], source: { ipDepth: 1 }, status: 403 } },
  ],
  [
    'ipwhitelist',
    { 'ipwhitelist.sourcerange': '10.0.0.1' },
    { allowIp: { ranges: ['10.0.0.1'], status: 403 } },
  ],
  [
    'ratelimit',
    {
      'ratelimit.average': '100',
      'ratelimit.burst': '50',
      'ratelimit.period': '1m',
      'ratelimit.sourcecriterion.requestheadername': 'X-Key',
    },
    { rateLimit: { average: 100, burst: 50, periodMs: 60_000, source: { header: 'X-Key' } } },
  ],
  [
    'ratelimit by networks of IPv6',
    { 'ratelimit.average': '1', 'ratelimit.sourcecriterion.ipstrategy.ipv6subnet': '56' },
    { rateLimit: { average: 1, burst: 1, periodMs: 1000, source: { ipv6Subnet: 56 } } },
  ],
  [
    'inflightreq by networks of IPv6',
    { 'inflightreq.amount': '1', 'inflightreq.sourceCriterion.ipStrategy.ipv6Subnet': '0' },
    { inFlight: { amount: 1, source: { ipv6Subnet: 0 } } },
  ],
  [
    'ipallowlist by networks of IPv6',
    { 'ipallowlist.sourcerange': '::1', 'ipallowlist.ipstrategy.ipv6subnet': '128' },
    { allowIp: { ranges: ['::1'], source: { ipv6Subnet: 128 }, status: 403 } },
  ],
  [
    'inflightreq',
    { 'inflightreq.amount': '10' },
    { inFlight: { amount: 10, source: { host: true } } },
  ],
  [
    'retry',
    { 'retry.attempts': '4', 'retry.initialinterval': '100ms' },
    { retry: { attempts: 4, initialIntervalMs: 100, status: [], nonIdempotent: false } },
  ],
  [
    'circuitbreaker',
    {
      'circuitbreaker.expression': 'NetworkErrorRatio() > 0.5',
      'circuitbreaker.fallbackduration': '5',
    },
    {
      circuitBreaker: {
        expression: 'NetworkErrorRatio() > 0.5',
        checkMs: 100,
        fallbackMs: 5000,
        recoveryMs: 10_000,
        status: 503,
      },
    },
  ],
  [
    'buffering',
    { 'buffering.maxrequestbodybytes': '2000000', 'buffering.maxresponsebodybytes': '0' },
    { maxBody: { requestBytes: 2_000_000 } },
  ],
  [
    'compress',
    { compress: 'true' },
    {
      compress: {
        excludeTypes: [],
        includeTypes: [],
        minBytes: 1024,
        encodings: ['zstd', 'br', 'gzip'],
      },
    },
  ],
  [
    'errors',
    {
      'errors.status': '500-599,404',
      'errors.service': 'pages@docker',
      'errors.query': '/{status}.html',
    },
    { errorPages: { status: ['500-599', '404'], service: 'pages', path: '/{status}.html' } },
  ],
  ['contenttype', { contenttype: 'true' }, { chain: [] }],
  [
    'request and response headers',
    { 'headers.customrequestheaders.X-A': 'b', 'headers.customresponseheaders.Server': '' },
    { headers: { request: { 'X-A': 'b' }, response: { Server: '' } } },
  ],
  [
    'security headers',
    {
      'headers.stsseconds': '31536000',
      'headers.stsincludesubdomains': 'true',
      'headers.stspreload': 'true',
      'headers.framedeny': 'true',
      'headers.contenttypenosniff': 'true',
      'headers.browserxssfilter': 'true',
      'headers.referrerpolicy': 'same-origin',
    },
    {
      headers: {
        request: {},
        secureResponse: {
          'Strict-Transport-Security': 'max-age=31536000; includeSubDomains; preload',
        },
        response: {
          'X-Frame-Options': 'DENY',
          'X-Content-Type-Options': 'nosniff',
          'X-XSS-Protection': '1; mode=block',
          'Referrer-Policy': 'same-origin',
        },
      },
    },
  ],
  [
    'a forced STS header',
    { 'headers.stsseconds': '9', 'headers.forcestsheader': 'true' },
    { headers: { request: {}, response: { 'Strict-Transport-Security': 'max-age=9' } } },
  ],
  [
    'CORS',
    {
      'headers.accesscontrolalloworiginlist': 'https://a,https://b',
      'headers.accesscontrolmaxage': '100',
      'headers.addvaryheader': 'true',
    },
    {
      cors: {
        origins: ['https://a', 'https://b'],
        originRegexes: [],
        methods: [],
        headers: [],
        exposeHeaders: [],
        credentials: false,
        maxAge: 100,
        vary: true,
      },
    },
  ],
  ['allowed hosts', { 'headers.allowedhosts': 'a,b' }, { allowHosts: ['a', 'b'] }],
])('%s', ([, labels, middleware]) => {
  const { middlewares, problems, routes } = declare(labels)
  expect(middlewares).toEqual({ 'm@docker': middleware })
  expect(problems).toEqual([])
  expect(routes[0]?.route.middlewares).toEqual(['m@docker'])
})

test('headers of several kinds are a chain of them', () => {
  const { middlewares } = declare({
    'headers.sslredirect': 'true',
    'headers.allowedhosts': 'a',
    'headers.framedeny': 'true',
  })
  expect(middlewares).toEqual({
    'm@docker': { chain: ['m@docker.1', 'm@docker.2', 'm@docker.3'] },
    'm@docker.1': { redirectScheme: { scheme: 'https', permanent: true } },
    'm@docker.2': { allowHosts: ['a'] },
    'm@docker.3': { headers: { request: {}, response: { 'X-Frame-Options': 'DENY' } } },
  })
})

test('a chain names its members, and an instance carries them all', () => {
  const labels = {
    'traefik.enable': 'true',
    'traefik.http.routers.web.rule': 'Host(`a`)',
    'traefik.http.routers.web.middlewares': 'both@docker',
    'traefik.http.middlewares.both.chain.middlewares': 'one,two@docker',
    'traefik.http.middlewares.one.stripprefix.prefixes': '/a',
    'traefik.http.middlewares.two.addprefix.prefix': '/b',
    'traefik.http.middlewares.unused.addprefix.prefix': '/c',
  }
  const { instances, problems } = register(container({ labels }))
  expect(problems).toEqual([])
  expect(instances[0]?.policy.middlewares).toEqual({
    'both@docker': { chain: ['one@docker', 'two@docker'] },
    'one@docker': { stripPrefix: ['/a'] },
    'two@docker': { addPrefix: '/b' },
  })
})
