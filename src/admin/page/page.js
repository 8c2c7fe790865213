// Labels and names come from strangers: text enters the page as text nodes only, addresses only by URL's own check.
const views = ['about', 'services', 'instances', 'routes', 'files', 'problems']
const most = 500
const state = { seen: '', data: undefined, asking: false, again: false }
const find = (selector) => document.querySelector(selector)

/** An element with attributes and children; children that are texts stay texts. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

const cell = (...children) => make('td', {}, ...children)
const number = (value) => make('td', { class: 'number' }, String(value))
const code = (text) => make('code', {}, text)

const known = new Set(
  (
    'ready starting unhealthy draining degraded stopping up down error warning note ' +
    'waiting unchanged written would-write failed'
  ).split(' '),
)
const dot = (name, text = name) =>
  make('span', { class: `state ${known.has(name) ? name : ''}` }, text)

function table(heads, rows) {
  const head = heads.map((text) =>
    make('th', text.startsWith('#') ? { class: 'number' } : {}, text.replace('#', '')),
  )
  return make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...rows))
}

function fill(id, count, content) {
  find(`#${id} h2 small`).textContent = count
  find(`#${id} div`).replaceChildren(content)
}

const none = (text) => make('p', { class: 'none' }, text)

function showAbout({ about, ready }) {
  const part = (title, { name, up }) =>
    dot(
      up ? 'up' : 'down',
      make('span', {}, `${title} `, make('b', {}, name), up ? '' : ' is away'),
    )
  const status = dot(ready.status, make('b', {}, ready.status))
  status.title = [...ready.waiting, ...ready.degraded].join('\n')
  const node = make('span', {}, 'node ', make('b', {}, about.node || 'not known yet'))
  const version = make('span', {}, `version ${about.version}`)
  const parts = [part('Docker', about.docker), part('store', about.store)]
  find('#about').replaceChildren(status, node, ...parts, version)
  document.title = about.node ? `Portolan · ${about.node}` : 'Portolan'
}

function showProblems({ problems }) {
  find('#problems').hidden = problems.items.length === 0
  const rows = problems.items
    .slice(0, most)
    .map((one) => make('tr', {}, cell(dot(one.severity)), cell(one.where), whatAndRemedy(one)))
  fill(
    'problems',
    shown(problems.items.length),
    table(['Severity', 'Where', 'What, and what to do'], rows),
  )
}

function whatAndRemedy({ what, why, remedy }) {
  return cell(`${what}: ${why}`, make('p', { class: 'remedy' }, `→ ${remedy}`))
}

function showServices({ services, instances }, wanted) {
  const id = (one) => (one.project === '-' ? one.service : `${one.project}/${one.service}`)
  const byService = Map.groupBy(instances.items, id)
  const named = (one) => [one.name, one.node, one.image, one.address.at ?? '', one.state]
  const kept = services.items.filter((one) =>
    wanted([one.id, ...(byService.get(one.id) ?? []).flatMap(named)]),
  )
  const rows = kept.slice(0, most).flatMap((one) => serviceRows(one, byService.get(one.id) ?? []))
  const heads = ['Instance', 'State', 'Address', 'Node', 'Image', '#In flight']
  const empty =
    services.items.length === 0 ? 'No container runs here that offers a port.' : 'Nothing matches.'
  fill('services', shown(kept.length), rows.length > 0 ? table(heads, rows) : none(empty))
}

function serviceRows({ id, ready, total }, instances) {
  const count = make('small', ready === 0 ? { class: 'bad' } : {}, `${ready} of ${total} ready`)
  const head = make('tr', {}, make('th', { colspan: 6 }, id, ' ', count))
  return [head, ...instances.slice(0, most).map(instanceRow)]
}

function instanceRow({ name, state: now, address, node, image, inFlight, health, role }) {
  const at = address.at === null ? make('span', { class: 'bad' }, 'out of reach') : code(address.at)
  at.title = address.why
  const said =
    health === null || health === 'ok' ? [] : [make('span', { class: 'bad' }, ` ${health}`)]
  const played = role ? [make('span', { class: 'quiet', title: role.why }, ` ${role.is}`)] : []
  const picture = make('span', { class: 'quiet' }, image)
  return make(
    'tr',
    {},
    cell(name),
    cell(dot(now), ...played, ...said),
    cell(at),
    cell(node),
    cell(picture),
    number(inFlight),
  )
}

function showRoutes({ routes, about }, wanted) {
  const kept = routes.items.filter((one) => wanted([one.name, one.rule, one.service ?? '']))
  const rows = kept.slice(0, most).map((one) => routeRow(one, about.entrypoints))
  const empty =
    routes.items.length === 0
      ? 'No route: give a container the label portolan.host.'
      : 'Nothing matches.'
  const heads = ['Rule', 'Service', 'Entrypoints', 'Source', '#Instances']
  fill('routes', shown(kept.length), rows.length > 0 ? table(heads, rows) : none(empty))
}

function routeRow(route, entrypoints) {
  const { rule, service, source, instances, problems } = route
  const links = linksOf(route, entrypoints).map((href) =>
    make('a', { href, rel: 'noreferrer' }, href),
  )
  const first = cell(
    code(rule),
    ...(links.length > 0 ? [make('p', { class: 'links' }, ...links)] : []),
  )
  for (const { what, why, remedy } of problems) {
    first.append(make('p', { class: 'remedy bad' }, `${what}: ${why} → ${remedy}`))
  }
  const names = route.entrypoints.join(', ')
  return make(
    'tr',
    {},
    first,
    cell(service ?? '–'),
    cell(names),
    cell(source),
    number(instances.length),
  )
}

/** The addresses under which a route answers, as far as its rule names hosts. */
function linksOf({ rule, entrypoints: names }, entrypoints) {
  const hosts = [...rule.matchAll(/\bHost\(`([^`*\s]+)`\)/gi)].map(([, host]) => host)
  return entrypoints
    .filter(({ name }) => names.includes(name))
    .flatMap(({ scheme, port }) => hosts.map((host) => URL.parse(`${scheme}://${host}:${port}/`)))
    .filter((url) => url !== null && /^https?:$/.test(url.protocol))
    .slice(0, 8)
    .map(({ href }) => href)
}

function showFiles({ files }, wanted) {
  find('#files').hidden = files.items.length === 0
  const kept = files.items.flatMap((one) => matching(one, wanted))
  const rows = kept.slice(0, most).flatMap(resourceRows)
  const heads = ['File', 'State', 'Resource', 'Written']
  const count = kept.reduce((sum, one) => sum + (one.files?.length ?? 1), 0)
  fill('files', String(count), rows.length > 0 ? table(heads, rows) : none('Nothing matches.'))
}

/** A resource with those of its files that are wanted; none if it has none of them. */
function matching(one, wanted) {
  const words = [one.name, one.src, one.dest, one.state]
  if (one.files === null) return wanted(words) ? [one] : []
  const files = one.files.filter(({ dest, state: is }) => wanted([...words, dest, is]))
  return files.length > 0 || wanted(words) ? [{ ...one, files }] : []
}

function resourceRows(one) {
  if (one.files === null) return [fileRow(one, one, one.lastError)]
  const failed = one.files.filter(({ state: is }) => is === 'failed').length
  const count = make(
    'small',
    failed > 0 || one.lastError ? { class: 'bad' } : {},
    failed > 0 ? `${failed} of ${one.files.length} failed` : `${one.files.length} files`,
  )
  const head = make('tr', {}, make('th', { colspan: 4 }, one.dest, ' ', count))
  const rows = one.files.slice(0, most).map((file) => fileRow(file, one, file.error))
  return one.files.length > 0 ? [head, ...rows] : [head, fileRow(one, one, one.lastError)]
}

function fileRow({ dest, state: now }, { name, src, lastPublished, nextTry, reload }, error) {
  const first = cell(code(dest))
  if (error !== null) first.append(make('p', { class: 'remedy bad' }, error))
  const due = [
    ...(reload ? [`reload is due, failed ${reload.failures} times`] : []),
    ...(nextTry ? [`next try ${timeOf(nextTry)}`] : []),
  ]
  if (due.length > 0) first.append(make('p', { class: 'remedy' }, due.join(', ')))
  const source = make('span', { class: 'quiet' }, ` ${src}`)
  const written = cell(lastPublished ? timeOf(lastPublished) : '–')
  return make('tr', {}, first, cell(dot(now)), cell(name, source), written)
}

const timeOf = (text) => new Date(text).toLocaleString()

const shown = (count) =>
  count > most ? `${most} of ${count}, the filter finds the others` : String(count)

function show() {
  if (!state.data) return
  const words = find('#filter').value.toLowerCase().split(/\s+/).filter(Boolean)
  const wanted = (texts) =>
    words.every((word) => texts.some((text) => text.toLowerCase().includes(word)))
  showAbout(state.data)
  showProblems(state.data)
  showServices(state.data, wanted)
  showRoutes(state.data, wanted)
  showFiles(state.data, wanted)
}

async function ask() {
  const get = async (path) => (await fetch(path, { signal: AbortSignal.timeout(10_000) })).text()
  const texts = await Promise.all([...views.map((name) => get(`/v1/${name}`)), get('/readyz')])
  const seen = texts.join('\n')
  if (seen === state.seen) return
  const parsed = texts.map((text) => JSON.parse(text))
  state.data = Object.fromEntries([...views, 'ready'].map((name, i) => [name, parsed[i]]))
  state.seen = seen
  show()
}

/** One at a time; what is asked for meanwhile is asked once more. */
async function refresh() {
  state.again = state.asking
  if (state.asking) return
  state.asking = true
  try {
    await ask()
    find('#away').hidden = true
  } catch {
    away()
  }
  state.asking = false
  if (state.again) await refresh()
}

function away() {
  if (!find('#away').hidden) return
  find('#away time').textContent = new Date().toLocaleTimeString()
  find('#away').hidden = false
}

find('#filter').addEventListener('input', show)
const events = new EventSource('/v1/events')
events.addEventListener('change', () => void refresh())
events.addEventListener('error', away)
// requests in flight change without an event
setInterval(() => document.hidden || void refresh(), 5000)
