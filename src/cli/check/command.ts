import type { Command } from '../command.ts'
import type { Out } from '../out.ts'
import { paint, safe } from '../table.ts'
import { tones } from '../views.ts'
import { readProject, usualFiles } from './files.ts'
import type { Finding } from './finding.ts'
import { findings } from './lint.ts'

/** Checks compose files, prints what is wrong, and gives the exit code: 1 when there is an error among it. */
export async function check(
  { files, dialects, env, json }: Extract<Command, { kind: 'check' }>,
  out: Out,
): Promise<number> {
  const project = await readProject(files.length > 0 ? files : usualFiles(process.cwd()), env)
  const exposeAll = dialects.expose === 'all'
  const found = findings(project, { domain: dialects.domain, exposeAll, traefik: dialects.traefik })
  out.write(
    json ? `${JSON.stringify({ problems: found }, null, 2)}\n` : textOf(found, project.files, out),
  )
  return found.some(({ severity }) => severity === 'error') ? 1 : 0
}

function textOf(found: readonly Finding[], files: readonly string[], { colours }: Out): string {
  if (found.length === 0) return `${files.join(', ')}: nothing is wrong\n`
  const lines = found.flatMap(({ file, line, service, severity, what, why, remedy }) => {
    const of = service === '' ? '' : `service ${service}: `
    const grade = paint(severity, tones[severity] ?? 'gray', colours)
    return [`${file}:${line}: ${grade}: ${safe(`${of}${what}: ${why}`)}`, `    → ${safe(remedy)}`]
  })
  const errors = found.filter(({ severity }) => severity === 'error').length
  const others = found.length - errors
  return `${lines.join('\n')}\n${errors} errors, ${others} other problems\n`
}
