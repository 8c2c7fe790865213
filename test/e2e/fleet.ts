import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { freePlace, type Place } from '../bed/place.ts'
import {
  dockerCli,
  type DockerCli,
  startContainer,
  type TestContainer,
  webCommand,
} from './docker.ts'
import { type Running, startPortolan } from './portolan.ts'

const run = promisify(execFile)

/** A Docker host of the fleet, in namespaces of its own. */
export type Host = {
  /** `h1`, which is its engine's name for itself too. */
  readonly name: string
  readonly address: string
  readonly cli: DockerCli
  /** Starts Portolan on this host. */
  portolan(options: PortolanOptions): Promise<Running>
  /** Starts a web server there that answers `body`, on port 8000. */
  web(name: string, options: WebOptions): Promise<TestContainer>
}

type PortolanOptions = {
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** A second one on the same host needs other ports. */
  readonly at?: number
  readonly ready?: boolean
}

type WebOptions = {
  readonly host: string
  readonly body?: string
  readonly service?: string
  readonly options?: readonly string[]
}

export type Fleet = AsyncDisposable & {
  /** This machine's address, which all hosts reach. */
  readonly gateway: string
  /** `test/bed/hosts.sh` with these arguments. */
  hosts(...args: readonly string[]): Promise<string>
  host(number: number): Host
}

/** Starts `count` hosts with busybox on them. `engine` are options of dockerd. */
export async function startFleet(count: number, engine = ''): Promise<Fleet> {
  const place = freePlace()
  const env = { ...process.env, ...place, BED_OPTS: engine }
  const hosts = async (...args: readonly string[]) => {
    const { stdout } = await run('bash', ['test/bed/hosts.sh', ...args], { env })
    return stdout
  }
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => void (await hosts('down')))
  await hosts('up', String(count))
  await hosts('load', 'busybox:1.37')
  const all = Array.from({ length: count }, (_, at) => hostOf(place, at + 1))
  const kept = cleanup.move()
  return {
    gateway: `${place.BED_NET}.1`,
    hosts,
    host(number) {
      const found = all[number - 1]
      if (!found) throw new Error(`there is no host h${number}`)
      return found
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function hostOf({ BED: name, BED_NET: net }: Place, number: number): Host {
  const host = `h${number}`
  const address = `${net}.${10 + number}`
  const cli = dockerCli(`unix:///run/${name}/${host}/run/docker.sock`)
  const spaces = `/run/${name}/${host}/ns`
  // nsenter becomes what it starts, so that a signal reaches Portolan itself
  const under = [
    'nsenter',
    `--net=/run/netns/${name}-${host}`,
    `--mount=${spaces}/mnt`,
    `--uts=${spaces}/uts`,
  ]
  return {
    name: host,
    address,
    cli,
    portolan: ({ args, env = {}, at = 0, ready = true }) =>
      startPortolan({
        host: address,
        under,
        env: { DOCKER_HOST: '', ...env },
        ports: { http: 18_080 + at, admin: 18_070 + at },
        args: ['--advertise', address, ...args],
        ready,
      }),
    web: (container, { host: hostName, body = container, service = container, options = [] }) =>
      startContainer(container, {
        cli,
        labels: { 'portolan.host': hostName, 'portolan.service': service },
        options: ['--expose', '8000', '--stop-timeout', '1', ...options],
        command: webCommand(body),
      }),
  }
}
