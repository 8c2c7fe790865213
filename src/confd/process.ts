import type { Answer, Job } from './job.ts'
import { performJob } from './perform.ts'
import { createTemplates } from './template.ts'

/**
 * The process that renders: one job at a time, an answer for each. It is a process and not a thread because a
 * thread that runs out of memory may take the whole process with it (V8), and with that the proxy.
 */
const templates = createTemplates(process.argv[2] ?? '')

/** Parsers are loaded only for who wants them. */
async function perform(job: Job): Promise<Answer> {
  const { format } = job
  if (format === undefined) return performJob(templates, job)
  const { checkFormat } = await import('./well-formed.ts')
  return performJob(templates, job, (text) => checkFormat(text, format))
}

process.on('message', (job: Job) => {
  void perform(job).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.exit())
// Ctrl-C goes to the whole group: our parent says when to end
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
process.send?.('ready')
