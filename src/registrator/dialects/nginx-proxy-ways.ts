import type { Container } from '../../docker/docker.ts'
import type { Given, GivenReader } from './given.ts'
import { hostNames } from './nginx-proxy-hosts.ts'
import { multiPortsOf } from './nginx-proxy-multiports.ts'
import { settingOf } from './nginx-proxy-settings.ts'

/** One host and path that lead to the container. An empty text is not set, but for `path`. */
export type VirtualWay = {
  readonly host: Given
  readonly path: Given
  readonly dest: Given
  readonly port: Given
  readonly proto: Given
}

/** VIRTUAL_HOST_MULTIPORTS alone when it is there, else VIRTUAL_HOST with its companions. */
export function waysOf(container: Container, reader: GivenReader): VirtualWay[] {
  const multi = settingOf(container, 'VIRTUAL_HOST_MULTIPORTS')
  if (multi.text !== '') return multiWays(multi, reader)
  const setting = (name: string) => settingOf(container, name)
  const hosts = setting('VIRTUAL_HOST')
  const path = setting('VIRTUAL_PATH')
  const names = hostNames(hosts.text)
  if (names.length > most) sayTooMany(hosts, names.length, reader)
  return names.slice(0, most).map((host) => ({
    host: { ...hosts, text: host },
    path: { ...path, text: path.text === '' ? '/' : path.text },
    dest: setting('VIRTUAL_DEST'),
    port: setting('VIRTUAL_PORT'),
    proto: setting('VIRTUAL_PROTO'),
  }))
}

/** More names than this on one container are a mistake; each is a route. */
const most = 512

function sayTooMany(hosts: Given, count: number, reader: GivenReader): void {
  const why = `it has ${count} names, and only the first ${most} are routed`
  const remedy = 'name fewer, or use wildcards such as *.example.com'
  reader.note({ ...hosts, text: '…' }, { severity: 'error', why, remedy })
}

function multiWays(multi: Given, reader: GivenReader): VirtualWay[] {
  // its lines are part of its grammar, so that they are not refused as control characters
  const shown = { ...multi, text: `${multi.text.replaceAll(/\s+/g, ' ').slice(0, 80)}…` }
  const found = reader.read(shown, () => multiPortsOf(multi.text))
  for (const text of found?.others ?? []) {
    const why = 'there are no entrypoints for one host alone'
    const remedy = 'remove it, or begin it with "/" if it is a path'
    reader.note({ ...multi, text }, { severity: 'warning', why, remedy })
  }
  const given = (text: string): Given => ({ ...multi, text })
  return (found?.ways ?? []).map(({ host, path, port, dest, proto }) => ({
    host: given(host),
    path: given(path),
    dest: given(dest),
    port: given(port),
    proto: given(proto),
  }))
}
