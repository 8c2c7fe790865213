import { messageOf } from '../../core/errors.ts'
import { kindOf } from '../../core/middleware-kind.ts'
import type { Middleware } from '../../core/middleware.ts'
import { allowHosts, allowIp } from './access/allow.ts'
import { inFlight } from './access/in-flight.ts'
import { rateLimit } from './access/rate-limit.ts'
import { rangesProblem, sourceProblem } from './access/sources.ts'
import { basicAuth } from './auth/basic-auth.ts'
import { digestAuth, digestUsersProblem } from './auth/digest-auth.ts'
import { forwardAuth, forwardAuthProblem } from './auth/forward-auth.ts'
import { usersProblem } from './auth/htpasswd.ts'
import { circuitBreaker } from './breaker/circuit-breaker.ts'
import { isHeaderName } from './header-lines.ts'
import { cors } from './rewrite/cors.ts'
import { headers, headersProblem } from './rewrite/headers.ts'
import {
  addPrefix,
  replacePath,
  replacePathRegex,
  stripPrefix,
  stripPrefixRegex,
} from './rewrite/paths.ts'
import { redirectRegex, redirectScheme } from './rewrite/redirects.ts'
import type { Owner, Site, Stage } from './stage.ts'
import { compress, encodingsProblem } from './traffic/compress.ts'
import { errorPages } from './traffic/error-pages.ts'
import { maxBody, retry, timeout } from './traffic/limits.ts'
import { statusProblem } from './traffic/statuses.ts'

/** The stage that a middleware stands for. Throws `bad-value`. */
export function stageOf(one: Middleware, owner: Owner, site: Site): Stage {
  const { id } = owner
  if ('stripPrefix' in one) return stripPrefix(one.stripPrefix)
  if ('stripPrefixRegex' in one) return stripPrefixRegex(one.stripPrefixRegex)
  if ('addPrefix' in one) return addPrefix(one.addPrefix)
  if ('replacePath' in one) return replacePath(one.replacePath)
  if ('replacePathRegex' in one) return replacePathRegex(one.replacePathRegex)
  if ('redirectScheme' in one) return redirectScheme(one.redirectScheme, site.httpsPort)
  if ('redirectRegex' in one) return redirectRegex(one.redirectRegex)
  if ('headers' in one) return headers(one.headers)
  if ('cors' in one) return cors(one.cors)
  if ('allowHosts' in one) return allowHosts(one.allowHosts)
  if ('allowIp' in one) return allowIp(one.allowIp)
  if ('basicAuth' in one) return basicAuth(one.basicAuth)
  if ('digestAuth' in one) return digestAuth(one.digestAuth, site)
  if ('forwardAuth' in one) return forwardAuth(one.forwardAuth, site)
  if ('rateLimit' in one) return rateLimit(one.rateLimit, id, site)
  if ('inFlight' in one) return inFlight(one.inFlight, id, site)
  if ('retry' in one) return retry(one.retry)
  if ('circuitBreaker' in one) return circuitBreaker(one.circuitBreaker, site)
  if ('maxBody' in one) return maxBody(one.maxBody)
  if ('compress' in one) return compress(one.compress)
  if ('timeout' in one) return timeout(one.timeout)
  if ('errorPages' in one) return errorPages(one.errorPages, owner, site)
  throw new TypeError('a chain has to be resolved before')
}

/** Why a middleware can't act, if it can't; the routes that use it must be closed then. */
export function middlewareProblem(middleware: Middleware): string | undefined {
  const why = problemIn(middleware) ?? buildProblem(middleware)
  return why === undefined ? undefined : `${kindOf(middleware)}: ${why}`
}

function problemIn(one: Middleware): string | undefined {
  if ('headers' in one) return headersProblem(one.headers)
  if ('allowIp' in one)
    return rangesProblem(one.allowIp.ranges) ?? sourceProblem(one.allowIp.source)
  if ('rateLimit' in one) return sourceProblem(one.rateLimit.source)
  if ('inFlight' in one) return sourceProblem(one.inFlight.source)
  if ('basicAuth' in one) return usersProblem(one.basicAuth.users) ?? userHeader(one.basicAuth)
  if ('digestAuth' in one) {
    return digestUsersProblem(one.digestAuth.users) ?? userHeader(one.digestAuth)
  }
  if ('forwardAuth' in one) return forwardAuthProblem(one.forwardAuth)
  if ('retry' in one) return statusProblem(one.retry.status)
  if ('errorPages' in one) return statusProblem(one.errorPages.status)
  if ('compress' in one) return encodingsProblem(one.compress)
  return undefined
}

function userHeader({ userHeader: name }: { readonly userHeader?: string | undefined }) {
  return !name || isHeaderName(name) ? undefined : `${JSON.stringify(name)} is no name of a header`
}

/** Expressions are read when a stage is made. */
function buildProblem(middleware: Middleware): string | undefined {
  try {
    if (!('chain' in middleware)) stageOf(middleware, { id: '', service: '' }, nowhere)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** A place to see whether a stage can be made at all. */
const nowhere: Site = {
  nowMs: () => 0,
  share: {
    secret: new Uint8Array(32),
    seats: 0,
    rates: new SharedArrayBuffer(0),
    running: new SharedArrayBuffer(0),
  },
  seat: 0,
  isOwn: () => false,
  httpsPort: () => undefined,
  pageOf: () => Promise.resolve(undefined),
}
