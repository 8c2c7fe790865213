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
 * `N passed, N failed` of vitest's JSON reports `files`; what is in `again`, if there is one, stands for the same file
 * in them. A file that can't be loaded has no tests, and counts as one failed; so does a report that is not there.
 */
export async function talliedFrom(files: readonly string[], again?: string): Promise<string> {
  const found = await Promise.all(files.map(resultsIn))
  const second = again === undefined ? undefined : await resultsIn(again)
  const lost = found.filter((results) => results === undefined).length
  const all = [...found, second].flatMap((results) => results ?? [])
  const byFile = new Map(all.map((one) => [one.name, one]))
  const results = [...byFile.values()]
  const tests = results.flatMap(({ assertionResults }) => assertionResults)
  const count = (status: string) => tests.filter((test) => test.status === status).length
  const unloaded = results.filter((one) => isFailed(one) && one.assertionResults.length === 0)
  return `${count('passed')} passed, ${count('failed') + unloaded.length + lost} failed`
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
