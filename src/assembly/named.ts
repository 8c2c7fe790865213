import { emptyCatalog, instancesOfCatalog } from '../core/catalog.ts'
import type { Base } from './base.ts'

export type Named = {
  readonly id: string
  readonly name: string
  readonly node: string | undefined
}

/**
 * The containers that `text` may mean: those of this name or `<node>/<name>`; if there are none, those whose id
 * begins so. Of this engine whatever runs, of other nodes what is registered.
 */
export function containersNamed(text: string, { docker, catalog, own }: Base): readonly Named[] {
  const { current } = docker.containers
  const here = own.current?.node
  const local = current.kind === 'known' ? [...current.byId.values()] : []
  const all = new Map<string, Named>()
  for (const { container: id, name, node } of instancesOfCatalog(catalog.current ?? emptyCatalog)) {
    all.set(id, { id, name, node })
  }
  for (const { id, name } of local) all.set(id, { id, name, node: here })
  const list = [...all.values()]
  const byName = list.filter(({ name, node }) => name === text || `${node}/${name}` === text)
  if (byName.length > 0) return byName
  return /^[0-9a-f]{3,64}$/.test(text) ? list.filter(({ id }) => id.startsWith(text)) : []
}
