import { fuzz } from '../../test/registrator/fuzz-run.ts'

/** Random label sets through registration and route table; see test/registrator/fuzz-run.ts. */
export async function measureFuzz({
  cases,
  seed,
}: {
  readonly cases: number
  readonly seed: number
}): Promise<void> {
  const started = performance.now()
  const { failures, slowestMs, routes, problems } = fuzz(cases, seed)
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${cases} label sets (seed ${seed}) in ${seconds.toFixed(1)} s, slowest ${slowestMs.toFixed(1)} ms: ` +
      `${routes} routes, ${problems} problems, ${failures.length} failures`,
  )
  for (const failure of failures.slice(0, 10)) console.log(failure)
}
