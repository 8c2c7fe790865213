import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { findBrowser } from '../bed/browser.ts'
import { containerId, instance } from '../core/samples.ts'
import { sampleFiles } from './files.ts'
import { startAdmin, type World } from './start.ts'

let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: await findBrowser(),
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      // no name outside of this machine is ever asked for
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  })
})
afterAll(async () => browser.close())

/** A page that is open at `url`, and everything that went wrong in it. */
async function visit(url: string, colorScheme: 'light' | 'dark' = 'light') {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1200, height: 900 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(url)
  return { page, faults, [Symbol.asyncDispose]: () => context.close() }
}

const shows = (page: Page, text: string) => page.getByText(text).first().waitFor({ timeout: 5000 })

const route = {
  name: 'web',
  rule: 'Host(`shop.localhost`) && PathPrefix(`/api`)',
  entrypoints: ['http'],
  service: 'shop/web',
  instances: ['a', 'b'],
  source: 'label',
  problems: [],
}

const world: World = {
  files: sampleFiles,
  instances: [
    instance(),
    instance({ container: containerId('b'), name: 'shop-web-2', state: 'starting' }),
    instance({ container: containerId('c'), name: 'shop-web-3', state: 'draining' }),
    instance({
      service: 'db',
      name: 'shop-db-1',
      port: 5432,
      image: 'postgres:17',
      state: 'unhealthy',
    }),
    instance({
      service: 'cache',
      project: '-',
      name: 'cache',
      port: 6379,
      image: 'redis:8',
      node: 'h2',
    }),
  ],
  routes: [route, { ...route, name: 'old', rule: 'Host(`old.localhost`)', source: 'store' }],
  problems: [
    {
      severity: 'error',
      where: 'container shop-db-1',
      what: 'label portolan.port=54x32',
      why: '"54x32" is not a port',
      remedy: 'write a number from 1 to 65535',
    },
  ],
}

test('the dashboard shows the node, services with instances, routes with links, and problems', async () => {
  await using admin = await startAdmin({}, world)
  await using visitor = await visit(admin.url)
  const { page, faults } = visitor
  for (const text of ['shop/web', 'shop-web-2', '1 of 3 ready', '172.18.0.3:3000', 'postgres:17']) {
    await shows(page, text)
  }
  await shows(page, '→ write a number from 1 to 65535')
  expect(await page.locator('#about').innerText()).toContain('h1')
  const links = page.locator('#routes a')
  expect(await links.first().getAttribute('href')).toBe('http://shop.localhost:8080/')
  expect(await page.locator('.state.starting').count()).toBe(1)
  expect(faults).toEqual([])
})

for (const scheme of ['light', 'dark'] as const) {
  test(`in ${scheme} the page is ${scheme}`, async () => {
    await using admin = await startAdmin({}, world)
    await using visitor = await visit(admin.url, scheme)
    await shows(visitor.page, 'shop/web')
    const colour = await visitor.page.evaluate('getComputedStyle(document.body).backgroundColor')
    const ground = Number(/\d+/.exec(String(colour))?.[0])
    expect(ground > 127).toBe(scheme === 'light')
  })
}

test('it updates itself, without a reload, within a second', async () => {
  await using admin = await startAdmin({}, world)
  await using visitor = await visit(admin.url)
  const { page } = visitor
  await shows(page, 'shop/web')
  await page.evaluate('window.mark = 1')
  const started = performance.now()
  const added = instance({ service: 'late', name: 'late-1', container: containerId('d') })
  admin.world.set({ ...world, instances: [...world.instances, added], problems: [] })
  await shows(page, 'shop/late')
  expect(performance.now() - started).toBeLessThan(1000)
  expect(await page.locator('#problems').isVisible()).toBe(false)
  expect(await page.evaluate('window.mark')).toBe(1)
})

test('what strangers write stays text', async () => {
  const evil = '<img src=x onerror="document.title=1337"><script>document.title=1337</script>'
  const rule = 'Host(`javascript:alert(1)`) || Host(`x"onclick="y.localhost`)'
  await using admin = await startAdmin(
    {},
    {
      instances: [instance({ name: evil, service: evil, image: evil, node: evil })],
      routes: [{ ...route, name: evil, rule: `${rule}${evil}`, service: evil }],
      problems: [{ severity: evil, where: evil, what: evil, why: evil, remedy: evil }],
      files: sampleFiles.map((one) => ({
        ...one,
        name: evil,
        src: evil,
        dest: evil,
        state: evil,
        lastError: evil,
        files: [{ dest: evil, state: evil, error: evil }],
      })),
    },
  )
  await using visitor = await visit(admin.url)
  const { page, faults } = visitor
  await shows(page, evil)
  expect(await page.locator('img, main script').count()).toBe(0)
  expect(await page.title()).toBe('Portolan · h1')
  for (const link of await page.locator('#routes a').all()) {
    expect(await link.getAttribute('href')).toMatch(/^http:\/\//)
  }
  expect(faults).toEqual([])
})

test('the filter leaves what matches', async () => {
  await using admin = await startAdmin({}, world)
  await using visitor = await visit(admin.url)
  const { page } = visitor
  await shows(page, 'shop/web')
  await page.locator('#filter').fill('postgres')
  await page.getByText('shop/web').first().waitFor({ state: 'detached' })
  expect(await page.locator('#services tbody th').allInnerTexts()).toEqual(['shop/db 0 of 1 ready'])
})

test('rendered files are shown with what stands against them, and only where files are rendered', async () => {
  await using admin = await startAdmin({}, world)
  await using visitor = await visit(admin.url)
  const { page, faults } = visitor
  await shows(page, '/etc/nginx/conf.d/web.conf')
  const section = page.locator('#files')
  const text = await section.innerText()
  expect(text).toContain('template site.njk, line 3: a value is undefined')
  expect(text).toContain('reload is due, failed 2 times, next try')
  expect(await section.locator('tbody th').allInnerTexts()).toEqual([
    '/etc/nginx/sites/{{ item.name }}.conf 1 of 2 failed',
  ])
  expect(await section.locator('.state.failed').count()).toBe(2)
  await page.locator('#filter').fill('db.conf')
  await section.getByText('web.conf').first().waitFor({ state: 'detached' })
  expect(await section.locator('td code').allInnerTexts()).toEqual(['/etc/nginx/sites/db.conf'])
  await page.locator('#filter').fill('')
  admin.world.set({ ...world, files: [] })
  await section.waitFor({ state: 'hidden' })
  expect(faults).toEqual([])
})

test('when Portolan goes away the page says so, and what it shows stays', async () => {
  const admin = await startAdmin({}, world)
  await using visitor = await visit(admin.url)
  const { page } = visitor
  await shows(page, 'shop/web')
  await admin[Symbol.asyncDispose]()
  await shows(page, 'No answer from Portolan')
  expect(await page.getByText('shop-web-1').count()).toBe(1)
})
