import { PortolanError } from '../../core/errors.ts'

/** What the setting `--store` names. `endpoints` are `host:port`, IPv6 in brackets. */
export type StoreUrl =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'etcd'; readonly tls: boolean; readonly endpoints: readonly string[] }

const form = /^(etcds?):\/\/([^/@?#]+)\/?$/
const endpoint = /^(\[[0-9a-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i

/**
 * Reads `embedded`, `etcd://host:2379,host:2379` (plain) or `etcds://…` (TLS); the port is 2379 unless given.
 * Throws `bad-value` for anything else.
 */
export function parseStoreUrl(text: string): StoreUrl {
  if (text === 'embedded') return { kind: 'embedded' }
  const [, scheme, hosts] = form.exec(text) ?? []
  if (scheme === undefined || hosts === undefined) throw wrong(text)
  const endpoints = hosts.split(',').map((one) => {
    const [, host, port = '2379'] = endpoint.exec(one.trim()) ?? []
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw wrong(text)
    return `${host}:${port}`
  })
  return { kind: 'etcd', tls: scheme === 'etcds', endpoints }
}

/** The text is not repeated where it may hold a password. */
function wrong(text: string): PortolanError {
  const what = text.includes('@') ? 'the store address has a user in it' : JSON.stringify(text)
  const remedy = text.includes('@')
    ? 'name the user with --etcd-user and --etcd-password-file instead'
    : 'write embedded, etcd://host:2379[,host:2379] or etcds://host:2379 for TLS'
  return new PortolanError('bad-value', `${what} is not a store; ${remedy}`)
}
