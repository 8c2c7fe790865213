import { createHash } from 'node:crypto'

import { PortolanError } from '../../../core/errors.ts'
import type { Container } from '../../../docker/docker.ts'
import type { Facts } from '../dialect.ts'

/** Traefik's own: the container's service and project, or its name. */
export const usualRule = 'Host(`{{ normalize .Name }}`)'

/** Traefik's default name of a container's router and service: `web-shop` for service web of project shop. */
export function defaultName(facts: Facts): string {
  return normalized(nameOf(facts))
}

function nameOf({ project, composeService, container }: Facts): string {
  const composed = project !== undefined && composeService !== undefined
  return composed ? `${composeService}_${project}` : container.name
}

/** Its letters and digits, with `-` for what is between them. */
function normalized(text: string): string {
  return text
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .join('-')
}

/**
 * A default rule, filled in for one container. Of Go's templates it knows `.Name`, `.ContainerName`,
 * `index .Labels "x"`, and `normalize` before or after these. Throws `bad-value` for everything else.
 */
export function filledRule(template: string, facts: Facts): string {
  return template.replaceAll(/\{\{-?([^{}]*)-?\}\}/g, (whole, action: string) => {
    const value = valueOf(action.trim(), facts)
    if (value !== undefined && !/[`"\\]/.test(value)) return value
    throw new PortolanError(
      'bad-value',
      `of the default rule, ${whole} can't be filled in; use .Name, .ContainerName, index .Labels "…" and normalize, or give the router a rule`,
    )
  })
}

function valueOf(action: string, facts: Facts): string | undefined {
  const inside = /^\((.*)\)$/.exec(action)?.[1]
  if (inside !== undefined) return valueOf(inside.trim(), facts)
  const normalize =
    /^normalize\s+(.+)$/.exec(action)?.[1] ?? /^(.+)\|\s*normalize$/.exec(action)?.[1]
  if (normalize !== undefined) {
    const value = valueOf(normalize.trim(), facts)
    return value === undefined ? undefined : normalized(value)
  }
  if (action === '.Name') return nameOf(facts)
  if (action === '.ContainerName') return facts.container.name
  return labelOf(action, facts.container)
}

function labelOf(action: string, { labels }: Container): string | undefined {
  const name = /^index\s+\.Labels\s+(?:"([^"]*)"|`([^`]*)`)$/.exec(action)
  // without that label Go gives nothing, and the rule is one that can't be read
  const label = name?.[1] ?? name?.[2]
  if (label === undefined) return undefined
  return Object.hasOwn(labels, label) ? labels[label] : ''
}

/** Traefik's name of a sticky cookie: `_` and 5 hex digits of the SHA-1 of the service's full name. */
export function defaultCookie(service: string): string {
  return `_${createHash('sha1').update(service).digest('hex').slice(0, 5)}`
}
