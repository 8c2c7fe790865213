import { vi } from 'vitest'

/** Repeats `check` until it passes; fails as it does after `withinMs`. For tests that run at the same time too. */
export async function eventually(
  check: () => void | Promise<void>,
  withinMs = 30_000,
): Promise<void> {
  await vi.waitFor(check, { timeout: withinMs, interval: 10 })
}
