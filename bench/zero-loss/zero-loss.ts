import { trial, type TrialOptions } from '../../test/e2e/zero-loss/trial.ts'

/** Prints what random operations on containers cost the clients of their services; needs Docker. */
export async function measureZeroLoss(options: TrialOptions): Promise<void> {
  const { seed, workers } = options
  const verdict = await trial({ ...options, said: (text) => console.log(text) })
  for (const line of verdict.excused) console.log(`excused: ${line}`)
  for (const line of verdict.failed) console.log(`FAILED: ${line}`)
  for (const id of verdict.twice) console.log(`FAILED: POST ${id} was acted on twice`)
  for (const id of verdict.never) console.log(`FAILED: POST ${id} was answered, but not acted on`)
  const { operations, requests, failed, excused, twice, never } = verdict
  const wrong = failed.length + twice.length + never.length
  console.log(
    `\nseed ${seed}, ${workers} workers: ${operations} operations, ${requests} requests, ` +
      `${wrong} failed, ${excused.length} excused`,
  )
  if (wrong > 0) process.exitCode = 1
}
