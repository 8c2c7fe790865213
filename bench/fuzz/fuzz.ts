import { compareProxies } from '../../test/proxy/differential/run.ts'
import { fuzzAnswers, fuzzChunks } from '../../test/proxy/fuzz/answers-run.ts'
import { fuzzExchanges } from '../../test/proxy/fuzz/exchanges-run.ts'
import { fuzzRequests } from '../../test/proxy/fuzz/requests-run.ts'
import { fuzz } from '../../test/registrator/fuzz-run.ts'

/** How many cases cost as much as one that goes over a socket, or through two proxies. */
const socket = 100
const twoProxies = 200

type Options = { readonly cases: number; readonly seed: number }
type Found = { readonly cases: number; readonly failures: readonly string[] }

const parts: readonly (readonly [
  what: string,
  run: (options: Options) => Found | Promise<Found>,
])[] = [
  ['label sets', ({ cases, seed }) => fuzz(cases, seed)],
  ['streams of requests', ({ cases, seed }) => fuzzRequests(cases, seed)],
  ['answers', ({ cases, seed }) => fuzzAnswers(cases, seed)],
  ['bodies in chunks', ({ cases, seed }) => fuzzChunks(cases, seed)],
  ['hostile exchanges', ({ cases, seed }) => fuzzExchanges(Math.ceil(cases / socket), seed)],
  [
    'compared connections',
    ({ cases, seed }) => compareProxies(Math.ceil(cases / twoProxies), seed),
  ],
]

/** Random input for registration, route table and the HTTP/1.1 engine; see the files that are imported here. */
export async function measureFuzz(options: Options): Promise<void> {
  for (const [what, run] of parts) {
    const started = performance.now()
    const { cases, failures, ...counts } = await run(options)
    const seconds = (performance.now() - started) / 1000
    const megabytes = process.memoryUsage().rss / 1e6
    console.log(
      `${cases} ${what} (seed ${options.seed}) in ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB: ` +
        `${failures.length} failures ${JSON.stringify(counts)}`,
    )
    for (const failure of failures.slice(0, 10)) console.log(failure)
  }
}
