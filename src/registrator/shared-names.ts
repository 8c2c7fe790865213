import type { Problem } from '../core/problems.ts'

/** Which Compose projects have given which global name: it is one service, which not all of them may have meant. */
export type SharedNames = {
  /** The global names that a container of `project` has now, instead of those that it had. */
  tell(container: string, project: string, names: ReadonlySet<string>): void
  forget(container: string): void
  problems(): Problem[]
}

export function sharedNames(): SharedNames {
  /** Of each name its containers, and the project of each. */
  const givers = new Map<string, Map<string, string>>()
  const namesOf = new Map<string, ReadonlySet<string>>()
  const shared = new Set<string>()

  function settle(name: string): void {
    const projects = new Set(givers.get(name)?.values())
    if (projects.size === 0) givers.delete(name)
    if (projects.size > 1) shared.add(name)
    else shared.delete(name)
  }

  function forget(container: string): void {
    for (const name of namesOf.get(container) ?? []) {
      givers.get(name)?.delete(container)
      settle(name)
    }
    namesOf.delete(container)
  }

  return {
    forget,
    tell(container, project, names) {
      forget(container)
      if (names.size > 0) namesOf.set(container, names)
      for (const name of names) {
        const all = givers.get(name) ?? new Map<string, string>()
        givers.set(name, all.set(container, project))
        settle(name)
      }
    },
    problems: () =>
      [...shared].toSorted().map((name) => sharing(name, new Set(givers.get(name)?.values()))),
  }
}

function sharing(name: string, projects: ReadonlySet<string>): Problem {
  return {
    severity: 'note',
    where: `service ${name}`,
    what: `projects ${[...projects].toSorted().join(', ')} give it the same name`,
    why: 'a name that is given, as by portolan.service, is no project’s own: all of them are one service',
    remedy: 'let it stand, if that is meant; else give one of them another name',
  }
}
