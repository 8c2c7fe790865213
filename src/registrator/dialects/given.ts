import type { Problem } from '../../core/problems.ts'
import type { Container } from '../../docker/docker.ts'
import { labelReader, variableReader } from './labels.ts'

/** One value, and who gave it: some dialects read environment variables and labels alike. */
export type Given = {
  readonly from: 'variable' | 'label'
  readonly name: string
  readonly text: string
}

export type GivenReader = {
  /** What `parse` makes of the text; undefined, and a problem, when it throws. */
  read<T>(given: Given, parse: (text: string) => T): T | undefined
  note(given: Given, problem: Omit<Problem, 'where' | 'what'>): void
  /** Each once, however often the value was read. */
  problems(): Problem[]
}

/** Reads values of one container, one at a time: a bad one is a problem and counts as absent. */
export function givenReader({ name }: Container): GivenReader {
  const readers = {
    variable: variableReader(`container ${name}`),
    label: labelReader(`container ${name}`),
  }
  return {
    read: (given, parse) => readers[given.from].read(given.name, given.text, parse),
    note: (given, problem) => readers[given.from].note(given.name, given.text, problem),
    problems() {
      const all = [...readers.variable.problems, ...readers.label.problems]
      return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
    },
  }
}
