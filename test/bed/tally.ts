import { readFile } from 'node:fs/promises'

import { z } from 'zod'

const reports = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
})

/** `N passed, N failed` of vitest's JSON report. A file that can't be loaded has no tests, and counts as one failed. */
export async function talliedFrom(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return '0 passed, 1 failed'
  const { numPassedTests, numFailedTests, testResults } = reports.parse(JSON.parse(text))
  const unloaded = testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && assertionResults.length === 0
  })
  return `${numPassedTests} passed, ${numFailedTests + unloaded.length} failed`
}
