import { randomUUID } from 'node:crypto'

import { docker, type EtcdServer, join, part, startEtcd } from './etcd-server.ts'

/** A cluster of three members. */
export type Members = AsyncDisposable & {
  readonly all: readonly EtcdServer[]
  /** The one that leads now, and the others. */
  leader(): Promise<{ readonly leader: EtcdServer; readonly others: readonly EtcdServer[] }>
  /** Whether every member answers that it is well. */
  areHealthy(): Promise<boolean>
  /** Cuts a member off from the others, until `rejoin`; its clients still reach it. */
  part(member: EtcdServer): Promise<void>
  rejoin(member: EtcdServer): Promise<void>
}

const names = ['m1', 'm2', 'm3']

export async function startMembers(): Promise<Members> {
  await using cleanup = new AsyncDisposableStack()
  const network = `portolan-test-${randomUUID()}`
  await docker('network', 'create', '--internal', '--label=test.portolan=store', network)
  cleanup.defer(async () => void (await docker('network', 'rm', network)))
  // an election takes one to two of these
  const flags = ['--heartbeat-interval=50', '--election-timeout=500']
  const start = (name: string) => startEtcd({ flags, member: { name, network, all: names } })
  const all = await Promise.all(names.map(start))
  for (const server of all) cleanup.use(server)
  const kept = cleanup.move()
  return {
    all,
    async leader() {
      const leading = await Promise.all(all.map(isLeader))
      const leader = all[leading.indexOf(true)]
      if (!leader) throw new Error('no leader')
      return { leader, others: all.filter((one) => one !== leader) }
    },
    async areHealthy() {
      return (await Promise.all(all.map(isHealthy))).every(Boolean)
    },
    part: (member) => part(member.container, { network }),
    async rejoin(member) {
      await join(member.container, { name: names[all.indexOf(member)] ?? '', network })
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function isLeader(server: EtcdServer): Promise<boolean> {
  const status = await server.ctl('endpoint', 'status', '--write-out=json')
  const [, leader] = /"leader":(\d+)/.exec(status) ?? []
  const [, member] = /"member_id":(\d+)/.exec(status) ?? []
  return leader === member
}

async function isHealthy(server: EtcdServer): Promise<boolean> {
  return await server.ctl('endpoint', 'health').then(
    () => true,
    () => false,
  )
}
