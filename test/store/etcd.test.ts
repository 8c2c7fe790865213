import { afterAll, beforeAll } from 'vitest'

import { etcdStore } from '../../src/store/etcd/etcd.ts'
import type { Store } from '../../src/store/store.ts'
import { leaseContract } from './contract-leases.ts'
import { storeContract } from './contract.ts'
import { startEtcd } from './etcd-server.ts'

const stack = new AsyncDisposableStack()
let store: Store | undefined

beforeAll(async () => {
  const server = stack.use(await startEtcd())
  store = stack.use(etcdStore({ endpoints: [server.endpoint] }))
})
afterAll(() => stack.disposeAsync())

const open = () => {
  if (!store) throw new Error('etcd has not started')
  return store
}
storeContract(open)
leaseContract(open)
