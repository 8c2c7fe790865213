import type { Change, Guard } from '../store.ts'

/** The keys that begin with `prefix`, as etcd wants a range; the first `limit` of them. */
export function rangeOf(prefix: string, limit: number) {
  return { key: prefix || '\0', rangeEnd: rangeEnd(prefix), limit }
}

/** The end of the range of all keys that begin with `prefix`: the prefix with its last byte raised by one. */
export function rangeEnd(prefix: string): Buffer {
  const bytes = Buffer.from(prefix)
  const last = bytes.findLastIndex((byte) => byte < 0xff)
  // a zero byte stands for "to the end of all keys"
  if (last === -1) return Buffer.from([0])
  const end = bytes.subarray(0, last + 1)
  end[last] = (end[last] ?? 0) + 1
  return end
}

/** A transaction that makes `changes` when all `guards` hold. */
export function txnOf(changes: readonly Change[], lease: string, guards: readonly Guard[]) {
  return { compare: guards.map(compareOf), success: changes.map((one) => opOf(one, lease)) }
}

/** A transaction that only reads, hence all of it at one revision. */
export function readOf(...ranges: readonly object[]) {
  return { success: ranges.map((requestRange) => ({ requestRange })) }
}

/** A transaction that writes `key` unless it is there. */
export function createOf(key: string, value: string) {
  return txnOf([{ kind: 'put', key, value }], '0', [{ key, value: undefined }])
}

function opOf(change: Change, lease: string) {
  const { key } = change
  return change.kind === 'put'
    ? { requestPut: { key, value: change.value, lease } }
    : { requestDeleteRange: { key } }
}

/** A key that does not exist has version 0. */
function compareOf({ key, value }: Guard) {
  return value === undefined
    ? { key, result: 'EQUAL', target: 'VERSION', version: '0' }
    : { key, result: 'EQUAL', target: 'VALUE', value }
}
