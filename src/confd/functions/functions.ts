import { listFunctions } from './lists.ts'
import { quoteFunctions } from './quote.ts'
import { selectFunctions } from './select.ts'
import { shapeFunctions } from './shape.ts'
import { textFunctions } from './text.ts'
import { range, valueFunctions } from './values.ts'
import { worldFunctions } from './world.ts'

type Fn = (...args: never[]) => unknown

const subjectFirst = {
  ...textFunctions,
  ...valueFunctions,
  ...listFunctions,
  ...selectFunctions,
  ...quoteFunctions,
}

/** Every function that needs neither keys nor services, under confd's or docker-gen's name, with Go's arguments. */
export const templateFunctions = { ...subjectFirst, ...shapeFunctions, ...worldFunctions, range }

/**
 * The same as filters, where what is piped is what they work on: `name | trimSuffix(".conf")`. nunjucks has some of
 * their names itself; those stay its own.
 */
export const templateFilters: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  ...Object.entries<Fn>(subjectFirst),
  ...Object.entries<Fn>(shapeFunctions).map(([name, fn]): [string, Fn] => {
    const last = (piped: unknown, ...args: unknown[]): unknown =>
      Reflect.apply(fn, undefined, [...args, piped])
    return [name, last]
  }),
])
