import { unifiedDiff } from './diff.ts'
import { isDone, type Step, stepsTo } from './replace.ts'
import type { Resource } from './resource.ts'
import type { FileView } from './view.ts'

/** `diff -u` of the file and what is rendered, in a dry run; empty if only mode or owner differ. */
export type FileOutcome = FileView & { readonly diff: string }

/** What publishing these files would change. Changes nothing. */
export async function compared(
  resource: Resource,
  files: ReadonlyMap<string, Buffer>,
  gone: readonly string[],
) {
  const { steps, failed } = await stepsTo(resource, files, gone)
  return { outcomes: steps.map(outcomeOf), failed }
}

function outcomeOf(step: Step): FileOutcome {
  const { dest, before, wanted } = step
  if (isDone(step)) return { dest, state: 'unchanged', error: null, diff: '' }
  const [old, now] = [before, wanted].map((one) => one?.content.toString() ?? '')
  const diff = unifiedDiff(old ?? '', now ?? '', dest)
  return { dest, state: wanted ? 'would-write' : 'would-remove', error: null, diff }
}
