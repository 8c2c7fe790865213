import { defineConfig } from 'vitest/config'

/** Folders whose code keeps nothing to itself: their files share one process, which costs a third of the time. */
const shared = ['catalog', 'config', 'core', 'registrator'].map((one) => `test/${one}/**/*.test.ts`)

export default defineConfig({
  test: {
    // a condition is waited for as long as a busy machine may need
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // threads and processes that tests start are up in half the time
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/compile` },
    pool: 'forks',
    fileParallelism: false,
    projects: [
      { extends: true, test: { name: 'shared', include: shared, isolate: false } },
      { extends: true, test: { name: 'own', include: ['test/**/*.test.ts'], exclude: shared } },
    ],
  },
})
