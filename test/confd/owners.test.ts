import { expect, test } from 'vitest'

import { idOf } from '../../src/confd/owners.ts'

test('users and groups are looked up by name, numbers are taken as they are', async () => {
  expect(await idOf('user', 'root')).toBe(0)
  expect(await idOf('group', 'root')).toBe(0)
  expect([
    await idOf('user', 33),
    await idOf('group', '34'),
    await idOf('user', undefined),
  ]).toEqual([33, 34, undefined])
})

test('a name that is not there is an error that says where it was looked for', async () => {
  await expect(idOf('group', 'nobody-of-this-name')).rejects.toThrow(
    'there is no group "nobody-of-this-name" in /etc/group here; write its number',
  )
})
