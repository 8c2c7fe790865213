import { linearRegexOf } from '../../../core/rule/regex.ts'
import type { RequestDraft } from '../draft.ts'
import { HeaderLines } from '../header-lines.ts'
import type { Stage } from '../stage.ts'
import { addVary } from './vary.ts'

type Options = {
  readonly origins: readonly string[]
  readonly originRegexes: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly credentials: boolean
  readonly maxAge?: number | undefined
  readonly vary: boolean
}

/** Answers preflights, and tells browsers which origins may read answers (the Fetch standard, 3.3). */
export function cors(options: Options): Stage {
  const allowed = originReader(options)
  // who gets another answer for another origin must say so, or caches mix them up
  const varies = options.vary || options.originRegexes.length > 0 || !isForAll(options.origins)
  return (request) => {
    const origin = request.headers.get('origin') ?? ''
    const common = commonHeaders(options, allowed(origin))
    if (isPreflight(request)) {
      const headers = new HeaderLines([...common, ...preflightHeaders(options)])
      if (varies) addVary(headers, 'Origin')
      return { answer: { status: 200, why: '', headers: headers.pairs(), body: Buffer.alloc(0) } }
    }
    const expose = options.exposeHeaders.join(',')
    return {
      hooks: {
        answered({ headers }) {
          for (let at = 0; at < common.length; at += 2) {
            headers.set(common[at] ?? '', common[at + 1] ?? '')
          }
          if (expose !== '') headers.set('Access-Control-Expose-Headers', expose)
          if (varies) addVary(headers, 'Origin')
        },
      },
    }
  }
}

function isPreflight({ method, headers }: RequestDraft): boolean {
  return (
    method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
  )
}

function isForAll(origins: readonly string[]): boolean {
  return origins[0] === '*'
}

/** The value that lets `origin` in, if it may. */
function originReader({ origins, originRegexes }: Options) {
  const regexes = originRegexes.map(linearRegexOf)
  return (origin: string): string | undefined => {
    if (origin === '') return isForAll(origins) ? '*' : undefined
    const named = origins.find((one) => one === '*' || one === origin)
    if (named !== undefined) return named
    return regexes.some((regex) => regex.test(origin)) ? origin : undefined
  }
}

function commonHeaders({ credentials }: Options, origin: string | undefined): string[] {
  return [
    ...(origin === undefined ? [] : ['Access-Control-Allow-Origin', origin]),
    ...(credentials ? ['Access-Control-Allow-Credentials', 'true'] : []),
  ]
}

function preflightHeaders({ methods, headers, maxAge }: Options): string[] {
  return [
    ...(methods.length > 0 ? ['Access-Control-Allow-Methods', methods.join(',')] : []),
    ...(headers.length > 0 ? ['Access-Control-Allow-Headers', headers.join(',')] : []),
    ...(maxAge === undefined ? [] : ['Access-Control-Max-Age', String(maxAge)]),
  ]
}
