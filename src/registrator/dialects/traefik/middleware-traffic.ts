import {
  boolean,
  durationMs,
  integer,
  needless,
  optional,
  strings,
  struct,
  text,
  without,
} from './decode.ts'
import { limit } from './middleware-access.ts'
import { kind, type Kind, none } from './middleware-kind.ts'

const streamed = 'nothing is kept in memory or files: what comes is passed on'

/** Types about how requests and answers are carried. */
export const trafficKinds: Readonly<Record<string, Kind>> = {
  retry: kind(
    struct({
      attempts: integer,
      initialinterval: durationMs,
      status: strings,
      retrynonidempotentmethod: boolean,
      maxrequestbodybytes: integer,
      timeout: without('attempts share the time of the request', 'leave it out'),
      disableretryonnetworkerror: without('refused connects always go elsewhere', 'leave it out'),
    }),
    ({ attempts, initialinterval, status, ...more }) => {
      if (attempts === undefined) return 'attempts is missing'
      const retry = {
        attempts,
        initialIntervalMs: initialinterval,
        status,
        nonIdempotent: more.retrynonidempotentmethod,
        maxBodyBytes: limit(more.maxrequestbodybytes),
      }
      return [{ retry }]
    },
  ),
  circuitbreaker: kind(
    struct({
      expression: text,
      checkperiod: durationMs,
      fallbackduration: durationMs,
      recoveryduration: durationMs,
      responsecode: integer,
    }),
    ({ expression, checkperiod, fallbackduration, recoveryduration, responsecode: status }) => {
      if (!expression) return 'expression is missing'
      const times = {
        checkMs: checkperiod,
        fallbackMs: fallbackduration,
        recoveryMs: recoveryduration,
      }
      return [{ circuitBreaker: { expression, ...times, status } }]
    },
  ),
  buffering: kind(
    struct({
      maxrequestbodybytes: integer,
      maxresponsebodybytes: integer,
      memrequestbodybytes: needless(streamed),
      memresponsebodybytes: needless(streamed),
      retryexpression: without('bodies are not kept for another try', 'use the retry middleware'),
    }),
    ({ maxrequestbodybytes, maxresponsebodybytes }) => {
      const requestBytes = limit(maxrequestbodybytes)
      const responseBytes = limit(maxresponsebodybytes)
      return [{ maxBody: { requestBytes, responseBytes } }]
    },
  ),
  compress: kind(
    optional({
      excludedcontenttypes: strings,
      includedcontenttypes: strings,
      minresponsebodybytes: integer,
      encodings: strings,
      defaultencoding: without('who names no encoding gets none', 'leave it out'),
    }),
    ({ excludedcontenttypes, includedcontenttypes, minresponsebodybytes, encodings }) => {
      const types = { excludeTypes: excludedcontenttypes, includeTypes: includedcontenttypes }
      return [{ compress: { ...types, minBytes: minresponsebodybytes, encodings } }]
    },
  ),
  errors: kind(
    struct({
      status: strings,
      service: text,
      query: text,
      statusrewrites: without('answers keep their status', 'leave it out'),
      forwardnginxheaders: without('that service gets the usual headers', 'leave it out'),
    }),
    ({ status = [], service = '', query = '/' }) => {
      if (status.length === 0 || service === '') return 'status or service is missing'
      return [{ errorPages: { status, service: service.replace(/@docker$/, ''), path: query } }]
    },
  ),
  contenttype: kind(
    optional({ autodetect: needless('the type of an answer is never guessed here') }),
    () => [],
  ),
  grpcweb: none('gRPC-Web is not translated', 'take it off the route'),
  plugin: none("Traefik's plugins don't run here", 'take it off the route'),
}
