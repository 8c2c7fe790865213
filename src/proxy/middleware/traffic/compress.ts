import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'

import type { AnswerDraft, RequestDraft } from '../draft.ts'
import type { HeaderLines } from '../header-lines.ts'
import { addVary } from '../rewrite/vary.ts'
import type { Stage } from '../stage.ts'
import { encodingFor } from './encodings.ts'

type Options = {
  readonly excludeTypes: readonly string[]
  readonly includeTypes: readonly string[]
  readonly minBytes: number
  readonly encodings: readonly string[]
}

type Encoder = (flushing: boolean) => Transform

/** Levels for what is made while somebody waits. A stream flushes at each piece, so that none is held back. */
const encoders: Readonly<Record<string, Encoder>> = {
  zstd: (flushing) =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3 },
      flush: flushing ? constants.ZSTD_e_flush : constants.ZSTD_e_continue,
    }),
  br: (flushing) =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
      flush: flushing ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS,
    }),
  gzip: (flushing) =>
    createGzip({ level: 5, flush: flushing ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH }),
}

const compressible =
  /^(text\/.+|.+[/+](json|xml|yaml)|application\/(javascript|ecmascript|x-javascript|wasm|manifest|x-ndjson|ld\+json|graphql|sql|rtf|x-sh|vnd\.ms-fontobject)|font\/(ttf|otf|sfnt|collection)|image\/(svg\+xml|bmp|x-icon|vnd\.microsoft\.icon))$/

/**
 * Compresses answers that get smaller by it and may be changed (RFC 9110, 8.4; RFC 9111, 5.2.2.6). The head that a HEAD
 * gets is that of the GET (RFC 9110, 9.3.2).
 */
export function compress(options: Options): Stage {
  const isWanted = typeReader(options)
  const offered = options.encodings.filter((name) => Object.hasOwn(encoders, name))
  return (request) => {
    const encoding = encodingFor(request.headers.get('accept-encoding'), offered)
    let encoder: Encoder | undefined
    return {
      hooks: {
        answered(answer) {
          if (!isEligible(request, answer, options.minBytes) || !isWanted(answer)) return
          addVary(answer.headers, 'Accept-Encoding')
          if (encoding === undefined) return
          encoder = encoders[encoding]
          changeHead(answer.headers, encoding)
        },
        coder({ length }) {
          const make = encoder
          return make && (() => make(length === undefined))
        },
      },
    }
  }
}

/** What is wrong with the encodings, if anything. */
export function encodingsProblem({ encodings }: Options): string | undefined {
  const bad = encodings.find((name) => !Object.hasOwn(encoders, name))
  return bad === undefined ? undefined : `there is no encoding ${bad}; write zstd, br or gzip`
}

function isEligible(
  request: RequestDraft,
  { own, status, headers, length }: AnswerDraft,
  minBytes: number,
): boolean {
  if (own) return false
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) {
    return false
  }
  if (length !== undefined && length < minBytes) return false
  if (request.headers.has('range') || headers.has('content-range')) return false
  if (headers.has('content-encoding')) return false
  return !/\bno-transform\b/i.test(headers.get('cache-control') ?? '')
}

function typeReader({ includeTypes, excludeTypes }: Options): (answer: AnswerDraft) => boolean {
  const included = new Set(includeTypes.map(typeOf))
  const excluded = new Set(excludeTypes.map(typeOf))
  return ({ headers }) => {
    const type = typeOf(headers.get('content-type') ?? '')
    if (type === 'text/event-stream' || type.startsWith('application/grpc')) return false
    if (included.size > 0) return included.has(type)
    return !excluded.has(type) && compressible.test(type)
  }
}

function typeOf(text: string): string {
  return (text.split(';')[0] ?? '').trim().toLowerCase()
}

/** It is another representation now, of a length that nobody knows, and of which ranges can't be had. */
function changeHead(headers: HeaderLines, encoding: string): void {
  headers.set('Content-Encoding', encoding)
  headers.remove('Content-Length')
  headers.remove('Accept-Ranges')
  headers.remove('Content-MD5')
  headers.remove('Content-Digest')
  headers.remove('Repr-Digest')
  headers.remove('Digest')
  const tag = headers.get('etag')
  if (tag?.startsWith('"') === true) headers.set('ETag', `W/${tag}`)
}
