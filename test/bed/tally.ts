import { readFile } from 'node:fs/promises'

import { z } from 'zod'

const reports = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
})
type Results = z.infer<typeof reports>['testResults']

/**
 * `N passed, N failed` of vitest's JSON reports; what is in a later one stands for the same file in an earlier one. A
 * file that can't be loaded has no tests, and counts as one failed.
 */
export async function talliedFrom(...files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map(resultsIn))
  if (!found[0]) return '0 passed, 1 failed'
  const byFile = new Map(found.flatMap((results) => (results ?? []).map((one) => [one.name, one])))
  const results = [...byFile.values()]
  const tests = results.flatMap(({ assertionResults }) => assertionResults)
  const count = (status: string) => tests.filter((test) => test.status === status).length
  const unloaded = results.filter((one) => isFailed(one) && one.assertionResults.length === 0)
  return `${count('passed')} passed, ${count('failed') + unloaded.length} failed`
}

/** The files in which something failed; none when there is no report. */
export async function failedFiles(report: string): Promise<string[]> {
  return ((await resultsIn(report)) ?? []).filter(isFailed).map(({ name }) => name)
}

async function resultsIn(file: string): Promise<Results | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : reports.parse(JSON.parse(text)).testResults
}

function isFailed({ status }: Results[number]): boolean {
  return status === 'failed'
}
