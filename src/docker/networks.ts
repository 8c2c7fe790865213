import { isDeepStrictEqual } from 'node:util'

import type { Container } from './docker.ts'

type ById = ReadonlyMap<string, Container>

/** Whose network `container` is in, when its mode is `container:<id or name>` and that one runs. */
export function joined(container: Container, byId: ById): Container | undefined {
  let at: Container | undefined = container
  for (let hops = 0; at?.networkMode.startsWith('container:') && hops < maxHops; hops++) {
    at = find(at.networkMode.slice('container:'.length), byId)
  }
  return at === container ? undefined : at
}

/** A container can join one that has joined another; a ring can't be made, but nothing may hang on that. */
const maxHops = 8

function find(reference: string, byId: ById): Container | undefined {
  const exact = byId.get(reference)
  if (exact) return exact
  for (const one of byId.values()) if (one.name === reference) return one
  return undefined
}

/**
 * Gives each container that has joined another's network that one's addresses and published ports: Docker tells
 * none for it. Without effect on all others, which keep their identity; `before` are the last results, kept
 * where nothing changed.
 */
export function withJoinedNetworks(byId: ById, before: ById): ReadonlyMap<string, Container> {
  if (!byId.values().some(isJoined)) return byId
  const result = new Map(byId)
  for (const [id, container] of byId) {
    if (!isJoined(container)) continue
    const next = { ...container, ...shared(container, joined(container, byId)) }
    const last = before.get(id)
    result.set(id, last && isDeepStrictEqual(last, next) ? last : next)
  }
  return result
}

function isJoined({ networkMode }: Container): boolean {
  return networkMode.startsWith('container:')
}

function shared({ ports }: Container, owner: Container | undefined) {
  const publishedAs = (port: number, protocol: string) =>
    owner?.ports.find((one) => one.port === port && one.protocol === protocol)?.published ?? null
  return {
    networks: owner?.networks ?? [],
    ports: ports.map((one) => ({ ...one, published: publishedAs(one.port, one.protocol) })),
  }
}
