import { PortolanError } from '../core/errors.ts'
import { version } from '../version.ts'
import { type Answer, askAdmin, askAdminForGood } from './client.ts'
import type { Command } from './command.ts'
import { helpText } from './help.ts'
import type { Out } from './out.ts'
import { viewText } from './views.ts'

/** Does `command`, writes its answer to `out`, and gives the exit code. Rejects with a PortolanError. */
export async function perform(command: Command, out: Out): Promise<number> {
  switch (command.kind) {
    case 'help':
      out.write(helpText(command.about))
      return 0
    case 'version':
      out.write(`portolan ${version}\n`)
      return 0
    case 'view':
      out.write(await view(command, out.colours))
      return 0
    case 'health':
      out.write(healthOf(await askAdmin(command.admin, { path: '/healthz', limitMs: 2000 })))
      return 0
    case 'explain':
      out.write(await (await import('./explain.ts')).explained(command, out.colours))
      return 0
    case 'drain':
    case 'undrain':
    case 'weight':
      out.write(await (await import('./wishes.ts')).wished(command))
      return 0
    case 'events':
      return (await import('./events.ts')).events(command, out)
    case 'check':
      return (await import('./check/command.ts')).check(command, out)
    case 'convert':
      return (await import('./convert.ts')).convert(command, out)
    case 'init':
      return (await import('./init.ts')).init(command, out)
    case 'leave':
      await askAdminForGood(command.admin, { path: '/v1/leave', method: 'POST' })
      out.write('left: the instances of this node are taken out of the store\n')
      return 0
    case 'run':
      await (await serving()).run(command.config)
      return 0
    case 'render':
      return (await serving()).render(command, out)
  }
}

/** Loaded only where it is needed: `health` runs every few seconds, and needs little. */
function serving() {
  return import('./serve.ts')
}

async function view(
  command: Extract<Command, { kind: 'view' }>,
  colours: boolean,
): Promise<string> {
  const answer = await askAdminForGood(command.admin, { path: `/v1/${command.view}` })
  return command.json
    ? `${JSON.stringify(answer, null, 2)}\n`
    : viewText(command.view, answer, colours)
}

function healthOf({ status, body }: Answer): string {
  if (status === 200) return 'ok\n'
  throw new PortolanError('admin-down', `not healthy (status ${status}): ${JSON.stringify(body)}`)
}
