import type { Container } from '../docker/docker.ts'
import type { Facts } from './dialects/dialect.ts'

export function factsOf(container: Container): Facts {
  const { labels } = container
  return {
    container,
    project: labels['com.docker.compose.project'] || undefined,
    composeService: labels['com.docker.compose.service'] || undefined,
    imageName: imageName(container),
  }
}

/**
 * Whose instance it is: a name that somebody gave is global (project `-`); Compose's name belongs to its
 * project; otherwise it is the image's base name, global too.
 */
export function serviceOf(facts: Facts, given: string | undefined) {
  const { project, composeService, imageName: image } = facts
  if (given !== undefined) return { project: '-', service: given }
  if (project !== undefined && composeService !== undefined) {
    return { project, service: composeService }
  }
  return { project: '-', service: image }
}

/** `<service>.<project>.<domain>`, without a project `<service>.<domain>`; `_` becomes `-`. */
export function defaultHost(facts: Facts, given: string | undefined, domain: string): string {
  const { project, service } = serviceOf(facts, given)
  const parts = project === '-' ? [service] : [service, project]
  return [...parts.map((part) => part.toLowerCase().replaceAll('_', '-')), domain].join('.')
}

/** Compose's container number: the ordinal of a replica. */
export function ordinalOf({ labels }: Container): number | null {
  const text = labels['com.docker.compose.container-number'] ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** `web` of `registry:5000/a/web:3@sha256:…`; an image without a name gives the container's. */
function imageName({ image, name }: Container): string {
  const base = image.split('@')[0]?.split('/').at(-1)?.split(':')[0] ?? ''
  const isId = base === 'sha256' || base === '' || /^[0-9a-f]{12,64}$/.test(base)
  return isId ? name : base
}
