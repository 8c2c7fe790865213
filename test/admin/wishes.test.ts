import { expect, test } from 'vitest'

import type { Question } from '../../src/admin/explain.ts'
import type { Wish, Wished } from '../../src/admin/wishes.ts'
import { startAdmin } from './start.ts'

const post = async (url: string) => {
  const answer = await fetch(url, { method: 'POST' })
  return [answer.status, await answer.json()]
}

test('drain and undrain take one instance, and say what became of it', async () => {
  const asked: string[] = []
  const wish = async (wanted: Wish, name: string): Promise<Wished> => {
    asked.push(`${Object.values(wanted).join(' ')} ${name}`)
    if (name === 'none')
      return { ok: false, status: 404, error: 'no such', candidates: ['a (h/1/2)'] }
    return { ok: true, subjects: [{ subject: 'h/1/2', name }], notes: [] }
  }
  await using admin = await startAdmin({ wish })
  const at = `${admin.url}/v1`
  const subjects = [{ subject: 'h/1/2', name: 'a' }]
  expect(await post(`${at}/drain?instance=a`)).toEqual([200, { drained: subjects, notes: [] }])
  expect(await post(`${at}/undrain?instance=a`)).toEqual([200, { undrained: subjects, notes: [] }])
  expect(await post(`${at}/drain?instance=none`)).toEqual([
    404,
    { error: 'no such', candidates: ['a (h/1/2)'] },
  ])
  for (const value of ['3', '0', 'label']) {
    const answer = await post(`${at}/weight?instance=a&value=${value}`)
    expect(answer).toEqual([200, { weighted: subjects, notes: [] }])
  }
  for (const value of ['', '&value=', '&value=-1', '&value=1001', '&value=x', '&value=1.5']) {
    expect((await post(`${at}/weight?instance=a${value}`))[0]).toBe(400)
  }
  for (const query of ['', '?instance=', '?instance=a&instance=b', '?other=a']) {
    expect((await post(`${at}/drain${query}`))[0]).toBe(400)
  }
  expect((await fetch(`${at}/drain?instance=a`)).status).toBe(404)
  const foreign = { 'sec-fetch-site': 'cross-site' }
  expect((await fetch(`${at}/drain?instance=a`, { method: 'POST', headers: foreign })).status).toBe(
    403,
  )
  expect(asked).toEqual([
    'drain a',
    'undrain a',
    'drain none',
    'weight 3 a',
    'weight 0 a',
    'weight  a',
  ])
})

test('explain takes a container or a URL, and not both', async () => {
  const asked: Question[] = []
  await using admin = await startAdmin({
    explain(question) {
      asked.push(question)
      return question.kind === 'url'
        ? { ok: true, answer: { kind: 'url' } }
        : { ok: false, status: 409, error: 'several' }
    },
  })
  const get = async (query: string) => {
    const answer = await fetch(`${admin.url}/v1/explain?${query}`)
    return [answer.status, await answer.json()]
  }
  expect(await get('url=http://a/b&method=post')).toEqual([200, { kind: 'url' }])
  expect(await get('container=a')).toEqual([409, { error: 'several' }])
  for (const query of ['', 'url=a&container=b', 'container=', '__proto__=a']) {
    expect((await get(query))[0]).toBe(400)
  }
  expect(asked).toEqual([
    { kind: 'url', url: 'http://a/b', method: 'POST' },
    { kind: 'container', name: 'a' },
  ])
})
