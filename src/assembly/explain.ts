import type { Explained, Question } from '../admin/explain.ts'
import type { Config } from '../config/config.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { Base } from './base.ts'
import { containerExplained } from './explain-container.ts'
import { containersNamed } from './named.ts'

const schemes = ['http', 'https', 'tcp'] as const

/** Answers what is asked of containers and requests, from what this process knows. */
export function explainer(config: Config, base: Base, proxy: Proxy | undefined) {
  return (question: Question): Explained =>
    question.kind === 'url'
      ? requestExplained(question, proxy)
      : found(question.name, config, base, proxy)
}

function requestExplained(
  { url: text, method }: Extract<Question, { kind: 'url' }>,
  proxy: Proxy | undefined,
): Explained {
  if (!proxy) return refused(404, 'no proxy runs in this process: ask one that has the role proxy')
  const named = text.replace(/^tcp:\/\/(?=:)/, 'tcp://localhost')
  const url = URL.parse(named.includes('://') ? named : `http://${named}`)
  if (!url || !/^(https?|tcp):$/.test(url.protocol)) {
    const forms = 'http://shop.example.com/path, or tcp://localhost:5432'
    return refused(400, `${JSON.stringify(text)} is no URL; write ${forms}`)
  }
  const port = url.port === '' ? undefined : Number(url.port)
  const scheme = schemes.find((one) => url.protocol === `${one}:`) ?? 'http'
  const { hostname: host, pathname: path, search } = url
  const asked = { scheme, host, port, path, query: search.slice(1), method } as const
  return { ok: true, answer: { kind: 'url', url: url.href, ...proxy.explain(asked) } }
}

function found(text: string, config: Config, base: Base, proxy: Proxy | undefined): Explained {
  const ids = containersNamed(text, base)
  const [first, ...more] = ids
  if (!first) {
    return refused(
      404,
      `no running container is called ${JSON.stringify(text)}; docker ps lists them`,
    )
  }
  if (more.length > 0) {
    const list = ids.map(({ name, id }) => `${name} (${id.slice(0, 12)})`).join(', ')
    return refused(409, `${JSON.stringify(text)} names several containers: ${list}`)
  }
  return { ok: true, answer: containerExplained(first, config, base, proxy) }
}

function refused(status: 400 | 404 | 409, error: string): Explained {
  return { ok: false, status, error }
}
