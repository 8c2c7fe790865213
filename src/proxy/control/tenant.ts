import type { Log } from '../../core/log.ts'
import type { Order, Secure, Start } from '../feed.ts'
import type { Lost } from '../table/memory.ts'
import type { RouteTable } from '../table/table.ts'
import { Member } from './member.ts'
import { Sender, type SenderOptions } from './sender.ts'
import { pulse } from './watchdog.ts'

/** Who sits in a seat: a worker that is fed, and watched. */
export type Tenant = {
  readonly member: Member
  readonly feed: Sender
  /** `tls` has changed. */
  secure(): void
  /** Resolves when it hangs. */
  readonly hung: Promise<void>
  /** Looks whether it does. */
  look(): void
}

export type TenantOptions = {
  readonly name: string
  readonly start: Omit<Start, 'ordered' | 'beats'>
  readonly feeding: Pick<SenderOptions, 'fed' | 'placeOf' | 'isListed'>
  readonly table: () => RouteTable
  /** Routes that lost their last endpoint lately, the oldest first; times are of the machine's clock. */
  readonly lost: () => readonly Lost[]
  readonly tls: () => Secure
  readonly log: Log
}

export function tenant({ name, start, feeding, table, lost, tls, log }: TenantOptions): Tenant {
  const member = new Member({
    name,
    start,
    applied: () => feed.applied(),
    warned: (warning) => log.warn({ worker: name, warning }, 'a worker warns'),
  })
  const secure = () => member.post({ kind: 'tls', ...tls() })
  secure()
  const post = (order: Order) => member.post(order)
  const feed = new Sender({ ...feeding, post, table: table(), lost: lost() })
  const { promise: hung, resolve: hangs } = Promise.withResolvers<void>()
  const isStill = pulse(() => member.beats())
  return {
    member,
    feed,
    secure,
    hung,
    look() {
      if (isStill()) hangs()
    },
  }
}
