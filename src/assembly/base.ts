import { Registry } from 'prom-client'

import { CatalogFollower } from '../catalog/follow.ts'
import { answersTcp } from '../catalog/probe.ts'
import { loadState } from '../catalog/state.ts'
import type { Config } from '../config/config.ts'
import { addressOf } from '../core/address.ts'
import type { Catalog } from '../core/catalog.ts'
import type { Instance } from '../core/instance.ts'
import { live, type Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import { type ProblemBoard, problemBoard } from '../core/problems.ts'
import type { Chosen, Vantage } from '../core/vantage.ts'
import type { Docker } from '../docker/docker.ts'
import type { Wishes } from '../registrator/wishes.ts'
import { createMirror, type Mirror } from '../store/mirror.ts'
import type { Entry, Store } from '../store/store.ts'
import { dockerOf, storeOf } from './connect.ts'
import { type OwnNode, ownSight } from './own.ts'
import { reportDocker, reportNetworks, reportOwn, reportStore, reportVantage } from './reports.ts'

/** The reading half of the program: Docker and the store, joined to a catalog. Nothing in it writes. */
export type Base = {
  readonly store: Store
  readonly docker: Docker
  readonly registry: Registry
  readonly board: ProblemBoard
  /** Undefined until Docker has been read. */
  readonly own: Live<OwnNode | undefined>
  readonly vantage: Live<Vantage | undefined>
  readonly catalog: Live<Catalog | undefined>
  /** What operators wish of instances, of all nodes. */
  readonly wishes: Live<Wishes>
  /** Of everything under `--prefix`. */
  readonly mirror: Mirror
  /** What an earlier run left in `--state`. */
  readonly saved: ReadonlyMap<string, Entry> | undefined
  /** A mirror of another part of the store, for as long as `signal` lives. */
  readonly open: (prefix: string, signal: AbortSignal) => Mirror
  readonly addressOf: (instance: Instance) => Chosen
  /** Follows Docker and the store until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

export async function createBase(config: Config, log: Log): Promise<Base> {
  const { prefix, state } = config
  const board = problemBoard()
  const store = await storeOf(config, log)
  const docker = await dockerOf(config, log)
  const registers = config.roles.includes('registrator')
  const mirror = mirrorOf(store, `${prefix}/`, log)
  const seen = ownSight(config, docker, mirror, board)
  const { vantage, wishes } = seen
  const own = registers ? seen.own : live(undefined)
  const saved = state === undefined ? undefined : await savedState(state, prefix, log)
  const addressOfInstance = (instance: Instance) =>
    addressSeen(instance, vantage.current, catalog.current)
  const follower = new CatalogFollower({
    prefix,
    own,
    registers,
    mirror,
    saved,
    probe: (instance, signal) => answers(addressOfInstance(instance), signal),
    doubtMs: 2 * config.leaseMs,
    report: board.report,
  })
  const { catalog } = follower
  const registry = new Registry()
  const shown = { store, docker, registry, board, own, vantage, catalog, wishes, mirror, saved }
  const parts = [docker, seen, mirror, follower]
  return {
    ...shown,
    addressOf: addressOfInstance,
    open(under, signal) {
      const opened = mirrorOf(store, under, log)
      void opened.run(signal)
      return opened
    },
    async run(signal) {
      const shared = config.store.kind === 'etcd'
      const running = parts.map((one) => one.run(signal))
      await Promise.all([...running, reportAll(shown, shared, log, signal)])
    },
  }
}

function mirrorOf(store: Store, prefix: string, log: Log): Mirror {
  return createMirror({
    store,
    prefix,
    onError: (error) => log.debug({ err: error, prefix }, 'the store was not read'),
  })
}

function addressSeen(
  instance: Instance,
  from: Vantage | undefined,
  catalog: Catalog | undefined,
): Chosen {
  if (!from) return { ok: false, why: 'Docker has not been read yet', remedy: 'wait for it' }
  const advertised = catalog?.nodes.get(instance.node)?.address ?? ''
  return addressOf(instance, from, advertised)
}

/** Keeps on the board what is wrong with any of it; `shared`: several nodes may use the store. */
async function reportAll(
  { store, docker, board, own, vantage, mirror }: Omit<Base, 'run' | 'open' | 'addressOf'>,
  shared: boolean,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    reportDocker(docker, board, signal),
    reportNetworks(docker, board, signal),
    reportStore(store.name, mirror, board, log, signal),
    reportOwn(own, shared, board, signal),
    reportVantage(vantage, board, signal),
  ])
}

/** A state that can't be read is no reason not to start: it is said, and done without. */
async function savedState(folder: string, prefix: string, log: Log) {
  try {
    return await loadState(folder, prefix)
  } catch (error) {
    log.warn({ err: error }, 'the saved state is left alone')
    return undefined
  }
}

async function answers(chosen: Chosen, signal: AbortSignal): Promise<boolean> {
  return chosen.ok && answersTcp(chosen.ip, chosen.port, 1000, signal)
}
