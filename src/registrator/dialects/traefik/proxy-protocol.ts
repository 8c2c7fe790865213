import type { Policy } from '../../../core/policy.ts'
import type { LabelReader } from '../labels.ts'
import { integer, optional, type Values } from './decode.ts'
import type { Node } from './tree.ts'

/** As Traefik has it for TCP; here it is the same for HTTP. */
export const proxyProtocol = optional({ version: integer })

/** `label`: of the service. */
export function proxyProtocolOf(
  { label }: Node,
  asked: Values<{ version: typeof integer }> | undefined,
  reader: LabelReader,
): Pick<Partial<Policy>, 'proxyProtocol'> {
  if (!asked) return {}
  const { version = 2 } = asked
  if (version === 1 || version === 2) return { proxyProtocol: version }
  reader.note(`${label}.loadbalancer.proxyprotocol.version`, String(version), {
    severity: 'error',
    why: 'there is no such version of the PROXY protocol',
    remedy: 'write 1 or 2',
  })
  return {}
}
