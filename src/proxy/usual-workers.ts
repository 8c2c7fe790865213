import { availableParallelism } from 'node:os'

/** One worker for each core that we may use; but where the system can't share a port among several, one. */
export function usualWorkers(): number {
  return process.platform === 'linux' ? availableParallelism() : 1
}
