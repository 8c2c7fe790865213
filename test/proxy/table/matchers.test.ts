import { expect, test } from 'vitest'

import { type Ask, bed, catalogOf, instance, named } from '../bed.ts'

const cases: readonly (readonly [rule: string, ask: Ask, status: number])[] = [
  ['Host(`shop.test`) && Method(`GET`)', {}, 200],
  ['Host(`shop.test`) && Method(`POST`)', {}, 404],
  ['Host(`shop.test`) && Header(`X-Kind`, `b`)', { headers: { 'X-Kind': 'b' } }, 200],
  ['Host(`shop.test`) && HeaderRegexp(`x-kind`, `^b$`)', { headers: { 'X-Kind': 'a' } }, 404],
  ['Host(`shop.test`) && Query(`q`, `a b`)', { path: '/?p=1&q=x&q=a+b' }, 200],
  ['Host(`shop.test`) && Query(`q`)', { path: '/?q' }, 200],
  ['Host(`shop.test`) && QueryRegexp(`q`, `^[0-9]+$`)', { path: '/?q=12x' }, 404],
  [
    'Host(`shop.test`) && ClientIP(`127.0.0.0/8`)',
    { headers: { 'X-Forwarded-For': '9.9.9.9' } },
    200,
  ],
  ['Host(`shop.test`) && ClientIP(`9.9.9.9`)', { headers: { 'X-Forwarded-For': '9.9.9.9' } }, 404],
  ['HostRegexp(`^[a-z]+\\.test$`)', {}, 200],
  ['PathRegexp(`^/v[0-9]/`)', { path: '/v2/x' }, 200],
  ['Path(`/a%2Fb`)', { path: '/a%2Fb' }, 200],
  ['Path(`/a/b`)', { path: '/a%2Fb' }, 404],
  ['Path(`/a-b`)', { path: '/a%2Db' }, 200],
]

for (const [rule, ask, status] of cases) {
  test(`${rule} answers ${JSON.stringify(ask)} with ${status}`, async () => {
    await using service = await named('web')
    await using proxy = await bed()
    proxy.catalog.set(catalogOf([instance({ port: service.port, rule })]))
    const { path, ...more } = { path: '/', ...ask }
    expect(await proxy.get(path, more)).toMatchObject({ status })
  })
}
