import { cpus, loadavg, release, totalmem } from 'node:os'

/** What the figures were measured with; how busy the machine was before says how far they can be trusted. */
export function machine(): string {
  const all = cpus()
  return [
    `${all.length} x ${all[0]?.model.trim()}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    `load average ${loadavg()[0]?.toFixed(1)}`,
  ].join(', ')
}
