import type { Problem } from '../core/problems.ts'
import type { ResourceView } from './view.ts'
import type { Worker } from './worker.ts'

/** As many files of one resource are told one by one. */
const mostFiles = 20

/** What is wrong with what a resource writes. */
export function confdProblems(
  worker: Pick<Worker, 'view' | 'unreachable' | 'forgetful'>,
): readonly Problem[] {
  const view = worker.view()
  const where = `resource ${view.name}`
  const unreachable = [...worker.unreachable()].map(([instance, { why, remedy }]): Problem => ({
    severity: 'warning',
    where,
    what: `instance ${instance} is left out of ${view.dest}: it has no address for us`,
    why,
    remedy,
  }))
  return [...failures(view), ...unreachable, ...forgotten(view, worker.forgetful())]
}

function failures({ name, dest, lastError, files }: ResourceView): Problem[] {
  if (lastError === null) return []
  const failed = (files ?? []).filter((one) => one.error !== null).slice(0, mostFiles)
  const told = failed.length > 0 ? failed : [{ dest, error: lastError }]
  return told.map(({ dest: file, error }) => ({
    severity: 'error',
    where: `resource ${name}`,
    what: `${file} is not up to date`,
    why: error ?? lastError,
    remedy: 'correct that: it is rendered again at the next change',
  }))
}

function forgotten({ name, dest, reload }: ResourceView, why: string | undefined): Problem[] {
  if (why === undefined) return []
  const what = reload ? `the reload that is due for ${dest}` : `which files of ${dest} are ours`
  return [
    {
      severity: 'warning',
      where: `resource ${name}`,
      what: `${what} would be forgotten by a restart`,
      why,
      remedy: 'set --state to a folder that can be written',
    },
  ]
}
