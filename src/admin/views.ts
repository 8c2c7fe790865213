/** What can be asked for at `/v1/<name>`. */
export const viewNames = [
  'services',
  'instances',
  'routes',
  'problems',
  'nodes',
  'certificates',
  'files',
] as const
export type ViewName = (typeof viewNames)[number]

/** Items of one kind; the revision grows with each change. */
export type View = { readonly revision: number; readonly items: readonly unknown[] }

/** Called for each request; must not block. */
export type Views = Readonly<Record<ViewName, () => View>>

/** What the head of the dashboard says; at `/v1/about`. */
export type About = {
  readonly version: string
  /** Empty until Docker has been read. */
  readonly node: string
  readonly store: Part
  readonly docker: Part
  /** Where requests come in: the dashboard makes links of it. */
  readonly entrypoints: readonly {
    readonly name: string
    readonly scheme: 'http' | 'https' | 'tcp'
    readonly port: number
  }[]
}

export type Part = { readonly name: string; readonly up: boolean }

/** What readiness asks. Each text is for people, such as `the catalog has not been read yet`. */
export type Checks = {
  readonly stopping: boolean
  /** What the roles that run here still wait for, for the first time. */
  readonly waiting: readonly string[]
  /** What is away, while everything else goes on. */
  readonly degraded: readonly string[]
}

export type Readiness = Omit<Checks, 'stopping'> & {
  readonly status: 'ready' | 'degraded' | 'starting' | 'stopping'
}

/** A process that has lost something but works is ready: restarting it would only do harm. Pure. */
export function readiness({ stopping, waiting, degraded }: Checks): Readiness {
  if (stopping) return { status: 'stopping', waiting, degraded }
  if (waiting.length > 0) return { status: 'starting', waiting, degraded }
  return { status: degraded.length > 0 ? 'degraded' : 'ready', waiting, degraded }
}

/** Whether new requests should be sent here. */
export function isReady({ status }: Readiness): boolean {
  return status === 'ready' || status === 'degraded'
}
