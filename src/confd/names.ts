import { isIP } from 'node:net'

import { compare } from '../core/catalog.ts'
import { PortolanError } from '../core/errors.ts'

/** A question to the name service: `4 host`, `6 host`, or `srv _service._proto.name`. */
export type Question = string

export type Server = {
  readonly Target: string
  readonly Port: number
  readonly Priority: number
  readonly Weight: number
}

/** Sorted, so that the same answer gives the same text; or why there is none. */
export type NameAnswer =
  | { readonly ips: readonly string[] }
  | { readonly servers: readonly Server[] }
  | { readonly error: string }

/** More questions than this are no config file, but a crawler. */
export const mostQuestions = 128

/**
 * confd's functions for names. What is not among `known` is given as an empty list, and is in `read`: the render has
 * to be done again once it is known.
 */
export function nameFunctions(known: ReadonlyMap<Question, NameAnswer>, read: Set<Question>) {
  const ask = (question: Question): NameAnswer => {
    read.add(question)
    const answer = known.get(question) ?? { ips: [], servers: [] }
    if ('error' in answer) throw new PortolanError('template', answer.error)
    return answer
  }
  const addresses = (version: 4 | 6, host: string): readonly string[] => {
    const kind = isIP(host)
    if (kind !== 0) return kind === version ? [host] : []
    const answer = ask(`${version} ${host}`)
    return 'ips' in answer ? answer.ips : []
  }
  return {
    lookupIP: (host: string) => [...addresses(4, host), ...addresses(6, host)].toSorted(compare),
    lookupIPV4: (host: string) => addresses(4, host),
    lookupIPV6: (host: string) => addresses(6, host),
    /** Without service and protocol the name is taken as it is, as Go does. */
    lookupSRV: (service: string, protocol: string, name: string) => {
      const asked = service === '' && protocol === '' ? name : `_${service}._${protocol}.${name}`
      const answer = ask(`srv ${asked}`)
      return 'servers' in answer ? answer.servers : []
    },
  }
}
