import type { RoleWish } from '../../core/policy.ts'
import type { LabelReader } from './labels.ts'
import type { Said } from './portolan-labels.ts'
import { sayIdle } from './portolan-policy.ts'

/**
 * The role that a TCP route asks for, of its own or in general; undefined for none. `bad`: it asks for one that nobody
 * can tell, and without it connections might come to whom they must not.
 */
export function roleOf(
  said: Said,
  general: Said,
  reader: LabelReader,
): RoleWish | 'bad' | undefined {
  const from = speaks(said, 'role') ? said : general
  if (from.broken.has('role')) return 'bad'
  const { role } = from.values
  if (role === undefined) return undefined
  const asked = speaks(said, 'probe') ? said : general
  if (asked.values.probe) return role
  if (asked.broken.has('probe')) return 'bad'
  if (role === 'any') return undefined
  reader.note(`${from.prefix}role`, role, {
    severity: 'error',
    why: 'nobody asks its instances for their role, so that the route would lead to all of them: there is none',
    remedy: `add ${from.prefix}probe=redis, postgres, mongodb or http:/path`,
  })
  return 'bad'
}

/** What has no effect: roles without a TCP route, and probes without a role. */
export function sayIdleRoles(general: Said, routes: readonly Said[], reader: LabelReader): void {
  const all = [general, ...routes]
  const isTcp = ({ values, broken }: Said) =>
    Boolean(values.tcp ?? values.sni) || broken.has('tcp') || broken.has('sni')
  const has = (one: Said, among: readonly Said[], fits: (other: Said) => boolean) =>
    one === general ? among.some(fits) : fits(one)
  for (const one of all) {
    if (!has(one, all, isTcp)) sayIdle(one, 'role', 'tcp', reader)
    else if (!speaks(general, 'role') && !has(one, all, (other) => speaks(other, 'role'))) {
      sayIdle(one, 'probe', 'role', reader)
    }
  }
}

function speaks({ values, broken }: Said, label: 'role' | 'probe'): boolean {
  return values[label] !== undefined || broken.has(label)
}
