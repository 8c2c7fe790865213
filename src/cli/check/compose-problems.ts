import type { Value } from './document.ts'
import type { ComposeProject } from './files.ts'
import type { Finding } from './finding.ts'
import { entry, pairs } from './values.ts'

const ours = /^(portolan|traefik)\.|^(VIRTUAL_|SERVICE_)/

/** What in the files themselves keeps labels from being read as they were meant. */
export function composeProblems({ root, missing }: ComposeProject): Finding[] {
  const services = entry(root, 'services')
  const list = services?.kind === 'map' ? [...services.entries] : []
  return [
    ...missing.map(({ name, at }): Finding => ({
      ...at,
      service: '',
      severity: 'warning',
      what: `variable ${name} is not set`,
      why: 'an empty text stands in its place',
      remedy: `set it in the environment or in .env, or write a default: \${${name}:-…}`,
    })),
    ...notFollowed('', root, 'include'),
    ...list.flatMap(([name, service]) => [
      ...notFollowed(name, service, 'extends'),
      ...notFollowed(name, service, 'label_file'),
      ...swarmLabels(name, service),
    ]),
  ]
}

function notFollowed(service: string, value: Value, key: string): Finding[] {
  const found = entry(value, key)
  if (!found) return []
  return [
    {
      ...found.at,
      service,
      severity: 'warning',
      what: `${key} is not followed`,
      why: 'labels that come from there are not checked',
      remedy: 'check what `docker compose config` prints',
    },
  ]
}

/** Labels under `deploy` are for Swarm's services: no container has them. */
function swarmLabels(service: string, value: Value): Finding[] {
  return pairs(entry(entry(value, 'deploy'), 'labels'))
    .filter(({ name }) => ours.test(name))
    .map(({ name, at }) => ({
      ...at,
      service,
      severity: 'error',
      what: `label ${name} stands under deploy`,
      why: 'those labels are for Swarm: the container does not get them',
      remedy: 'move it to labels of the service',
    }))
}
