import { readFile } from 'node:fs/promises'

/**
 * Ids of containers that this process may be in, the likeliest first; the engine's list has to confirm one.
 * The host name is never asked: people set it, and two containers may share one.
 *
 * `/proc/self/cgroup` comes first because where it tells an id it is ours: the files that mountinfo tells of are
 * those of the *other* container under `network_mode: container:…`. With cgroup namespaces (cgroup v2's default)
 * it tells nothing. Of nested engines the innermost counts.
 */
export function ownContainerIds(mountinfo: string, cgroup: string): string[] {
  const inCgroup = [...cgroup.matchAll(/[/-]([0-9a-f]{64})(?:\.scope)?$/gm)]
  const mounted = [...mountinfo.matchAll(mount)]
  return [...new Set([...inCgroup, ...mounted].map(([, id = '']) => id))]
}

/** Docker's `…/containers/<id>/hostname /etc/hostname`, podman's `…/<id>/userdata/hostname /etc/hostname`. */
const mount =
  /\/([0-9a-f]{64})\/(?:userdata\/)?(?:hostname|hosts|resolv\.conf) \/etc\/(?:hostname|hosts|resolv\.conf) /g

/** Reads them from /proc; empty where there is none. */
export async function readOwnContainerIds(): Promise<string[]> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '')
  return ownContainerIds(await read('/proc/self/mountinfo'), await read('/proc/self/cgroup'))
}
