import type { Live } from '../core/live.ts'
import type { Log } from '../core/log.ts'
import type { Problem, ProblemBoard } from '../core/problems.ts'
import type { Vantage } from '../core/vantage.ts'
import type { Docker } from '../docker/docker.ts'
import { advertiseProblem } from '../registrator/advertise.ts'
import type { Mirror } from '../store/mirror.ts'

type OwnReport = { readonly problems: readonly Problem[]; readonly advertise: string }

/** Keeps the problems of this node's labels and address on the board. */
export async function reportOwn(
  own: Live<OwnReport | undefined>,
  shared: boolean,
  board: ProblemBoard,
  signal: AbortSignal,
): Promise<void> {
  for await (const now of own.changes(signal)) {
    if (!now) continue
    board.report('labels', now.problems)
    board.report('advertise', advertiseProblem(now.advertise, shared))
  }
}

/** Keeps on the board that an engine is on another machine, so that only published ports can be reached. */
export async function reportVantage(
  vantage: Live<Vantage | undefined>,
  board: ProblemBoard,
  signal: AbortSignal,
): Promise<void> {
  for await (const now of vantage.changes(signal)) {
    const host = now?.engineHost
    board.report('vantage', host === undefined ? [] : [remoteProblem(host)])
  }
}

function remoteProblem(host: string): Problem {
  return {
    severity: 'warning',
    where: 'setting --docker',
    what: `the engine at ${host} is on another machine`,
    why: 'the addresses of its containers can not be reached from here, only ports that they publish',
    remedy: 'run Portolan on that machine, or in one of its containers; or publish the ports',
  }
}

/** Keeps on the board that networks can't be told apart, because the engine does not tell their drivers. */
export async function reportNetworks(
  { name, containers }: Docker,
  board: ProblemBoard,
  signal: AbortSignal,
): Promise<void> {
  for await (const now of containers.changes(signal)) {
    const all = now.kind === 'known' ? [...now.byId.values()].flatMap((one) => one.networks) : []
    const untold = new Set(all.flatMap((one) => (one.driver === '' ? [one.name] : [])))
    board.report('networks', untold.size > 0 ? [untoldProblem(name, [...untold])] : [])
  }
}

function untoldProblem(docker: string, networks: readonly string[]): Problem {
  return {
    severity: 'warning',
    where: `docker ${docker}`,
    what: `it does not tell the drivers of networks ${networks.toSorted().join(', ')}`,
    why: 'GET /networks is refused or fails, so that all of them are taken for bridges, and addresses of others may be chosen from where they are not reached',
    remedy: "allow GET /networks in the proxy before the engine's socket",
  }
}

/** Keeps what is wrong with Docker on the board; its own part logs it. */
export async function reportDocker(
  { name, status }: Docker,
  board: ProblemBoard,
  signal: AbortSignal,
) {
  for await (const now of status.changes(signal)) {
    const down = now.kind === 'down'
    const where = `docker ${name}`
    const what = 'the engine is away'
    const problem =
      down && ({ severity: 'error', where, what, why: now.reason, remedy: now.remedy } as const)
    board.report('docker', problem ? [problem] : [])
  }
}

/** Keeps what is wrong with the store on the board, and says once when it goes and comes. */
export async function reportStore(
  name: string,
  { status }: Mirror,
  board: ProblemBoard,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let said = false
  for await (const now of status.changes(signal)) {
    const reason = now.kind === 'live' ? undefined : now.reason
    board.report('store', reason === undefined ? [] : [storeProblem(name, reason)])
    if (reason !== undefined && !said) {
      log.warn({ store: name, reason }, 'the store is away; the last good state stays')
    }
    if (reason === undefined && said) log.info({ store: name }, 'the store is back')
    said = reason !== undefined
  }
}

function storeProblem(name: string, why: string): Problem {
  return {
    severity: 'error',
    where: `store ${name}`,
    what: 'the store is away',
    why,
    remedy: 'see whether etcd runs and --store names it; nothing is lost meanwhile',
  }
}
