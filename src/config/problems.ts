import { formatDuration } from '../core/duration.ts'
import type { Problem } from '../core/problems.ts'
import type { Config } from './config.ts'

/** What is right in form, and yet won't do what its writer meant. Pure: same config, same problems. */
export function settingProblems(config: Config): Problem[] {
  return [...hasty(config), ...idle(config), ...closed(config), ...(config.traefik?.problems ?? [])]
}

function hasty({ leaseMs, store }: Config): Problem[] {
  if (leaseMs >= 5000 || store.kind === 'embedded') return []
  return [
    {
      severity: 'warning',
      where: 'setting --lease',
      what: `${formatDuration(leaseMs)} is short`,
      why: 'a pause of the network or of etcd that long takes all instances of this node off the other nodes',
      remedy: 'set 5s or more',
    },
  ]
}

/** Certificates, and no entrypoint where TLS could end. */
function closed({ https, certs, tcp }: Config): Problem[] {
  if (https !== undefined || certs === undefined || tcp.length > 0) return []
  return [
    {
      severity: 'warning',
      where: 'setting --certs',
      what: 'has no effect',
      why: 'the entrypoint https is closed',
      remedy: 'open it, for instance with --https :443',
    },
  ]
}

/** What is meant for etcd, while the store is the embedded one. */
function idle({ store, etcdCa, etcdCert, etcdUser }: Config): Problem[] {
  if (store.kind === 'etcd' && (store.tls || (etcdCa ?? etcdCert) === undefined)) return []
  const given = { 'etcd-ca': etcdCa, 'etcd-cert': etcdCert }
  const user = store.kind === 'embedded' ? { 'etcd-user': etcdUser } : {}
  const names = Object.entries({ ...given, ...user }).filter(([, value]) => value !== undefined)
  return names.map(([name]) => ({
    severity: 'warning',
    where: `setting --${name}`,
    what: 'has no effect',
    why: store.kind === 'etcd' ? '--store begins with etcd://' : 'the store is the embedded one',
    remedy: 'write --store etcds://host:2379, or leave it out',
  }))
}
