import type { NodeRecord } from '../core/keys.ts'
import type { Problem } from '../core/problems.ts'
import type { Change } from '../store/store.ts'

/** A machine with another engine has our name. */
export function nameTaken(own: NodeRecord, { engine, address }: NodeRecord): Problem {
  return {
    severity: 'error',
    where: `node ${own.node}`,
    what: `another machine is registered as ${own.node}`,
    why: `its engine is ${engine}${address === '' ? '' : ` at ${address}`}, ours is ${own.engine}`,
    remedy: 'give one of them another name with --node; this one writes nothing until then',
  }
}

/** What the store did not take, and what it said. */
export function notWritten(edits: readonly Change[], why: string): Problem {
  return {
    severity: 'error',
    where: `key ${edits[0]?.key}`,
    what:
      edits.length > 1
        ? `this and ${edits.length - 1} more were not written`
        : 'it was not written',
    why,
    remedy: 'see what the store says; all others are written, and these are tried again',
  }
}

/** A newer process of the same engine. */
export function newer(node: string): Problem {
  return {
    severity: 'warning',
    where: `node ${node}`,
    what: `another process is registered as ${node}, by the same engine`,
    why: 'it started later, so that it writes, and this one does not',
    remedy: 'stop one of them; this one writes again when the other one is gone',
  }
}

export function hasLeft(node: string): Problem {
  return {
    severity: 'note',
    where: `node ${node}`,
    what: 'it has left: nothing of it is registered',
    why: 'portolan leave was called',
    remedy: 'start Portolan again to register again',
  }
}

/** A key of the plain tree that we want and somebody else holds. */
export function foreignKey(key: string): Problem {
  return {
    severity: 'warning',
    where: `key ${key}`,
    what: 'somebody else writes this key',
    why: 'it does not hang on a lease of this node',
    remedy:
      'stop the other writer (an old registrator?), or set --plain-prefix to a tree of its own',
  }
}
