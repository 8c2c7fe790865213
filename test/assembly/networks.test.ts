import { expect, test } from 'vitest'

import { reportNetworks } from '../../src/assembly/reports.ts'
import { until } from '../../src/core/live.ts'
import { problemBoard, type Problem } from '../../src/core/problems.ts'
import { fakeEngine } from '../docker/fake-engine.ts'
import { idOf, inspectJson } from '../docker/json.ts'
import { watching } from '../docker/watching.ts'

test('a proxy that refuses GET /networks keeps no container out, and is a problem that says what to allow', async () => {
  await using engine = await fakeEngine()
  engine.faults.set('/networks', 403)
  const Networks = { all: { NetworkID: 'n1', IPAddress: '10.0.0.2' } }
  const id = idOf('a1')
  engine.containers.set(id, inspectJson(id, { NetworkSettings: { Networks } }))
  await using watch = watching({ host: engine.host })
  const known = await watch.known(({ byId }) => byId.has(id))
  expect(known.byId.get(id)?.networks).toMatchObject([{ name: 'all', driver: '' }])

  const board = problemBoard()
  const end = new AbortController()
  const reporting = reportNetworks(watch.docker, board, end.signal)
  const isSaid = (list: readonly Problem[]): list is readonly Problem[] => list.length > 0
  const [problem] = await until(board.problems, isSaid, AbortSignal.timeout(10_000))
  expect(problem?.what).toBe('it does not tell the drivers of networks all')
  expect(problem?.remedy).toMatch(/allow GET \/networks/)
  end.abort()
  await reporting
})
