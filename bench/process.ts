import { readFile } from 'node:fs/promises'

/** Linux shows CPU time to programs in hundredths of a second, whatever it counts in itself. */
const ticksPerSecond = 100

/** CPU seconds that the process with this id has used since it began, in all its threads. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // the name may have blanks and parentheses in it; after it come state (3), …, utime (14), stime (15)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Its memory as the kernel counts it: with the pages of Node's binary, 60 MiB, which all processes of Node share. */
export async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}
