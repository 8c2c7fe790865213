// @ts-check
'use strict'

/**
 * What Portolan knows of one container that belongs to a set: labels are whatever somebody wrote.
 *
 * @typedef {{
 *   project: string, set: string, node: string, name: string, port: number, ordinal: number | null,
 *   address: string | null, host: string, first: string, minimum: string, grace: string,
 * }} Listed
 */

/** @typedef {{ host: string, key: string }} WantedMember */

/**
 * A set as it ought to be. `first` is the host that may initiate it, if it is known which.
 *
 * @typedef {{
 *   name: string, minimum: number, graceMs: number, members: readonly WantedMember[], first: string | undefined,
 * }} Wanted
 */

/** @typedef {{ ok: true, wanted: Wanted } | { ok: false, why: string }} Read */

/**
 * The set that `document` (members.json) wants. `choice`, as `project/set`, picks one of several. Nothing is guessed:
 * what is said badly, or twice and differently, is a reason to do nothing.
 *
 * @param {{ members: readonly Listed[] }} document
 * @param {string} [choice]
 * @returns {Read}
 */
function wantedOf(document, choice) {
  const idOf = (/** @type {Listed} */ { project, set }) => `${project}/${set}`
  const names = [...new Set(document.members.map(idOf))].toSorted()
  const id = choice || (names.length === 1 ? names[0] : undefined)
  if (id === undefined) return no(`which of ${JSON.stringify(names)}? say it in SET`)
  const all = document.members.filter((one) => idOf(one) === id)
  if (!all[0]) {
    return no(`no container belongs to ${JSON.stringify(id)}; there are ${JSON.stringify(names)}`)
  }
  const { set } = all[0]
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(set))
    return no(`${JSON.stringify(set)} is no name of a set`)
  const minimum = oneNumber(all.map((one) => one.minimum))
  if (!minimum || minimum > 50)
    return no('SERVICE_MONGODB_MINIMUM must be one number from 1 to 50, the same everywhere')
  const grace = oneNumber(all.map((one) => one.grace))
  if (grace === undefined)
    return no('SERVICE_MONGODB_GRACE must be one number of seconds, the same everywhere')
  const members = all.map((one) => ({ host: hostOf(one), key: `${one.node}/${one.name}` }))
  const bad = members.find(({ host }) => !isHost(host))
  if (bad)
    return no(
      `${bad.key} has no host that others can reach: ${JSON.stringify(bad.host)}; give SERVICE_MONGODB_HOST`,
    )
  const twice = members.find(({ host }, at) => members.findIndex((one) => one.host === host) < at)
  if (twice)
    return no(`several containers would be ${twice.host}; give each its own SERVICE_MONGODB_HOST`)
  return {
    ok: true,
    wanted: { name: set, minimum, graceMs: grace * 1000, members, first: firstOf(all) },
  }
}

/**
 * Where anybody has SERVICE_MONGODB_FIRST only who says `true` may begin, so that two views that each see another half
 * agree on it; and always only the first of its service.
 *
 * @param {readonly Listed[]} all
 */
function firstOf(all) {
  const told = all.some(({ first }) => first !== '')
  const may = all.filter(({ ordinal, first }) => ordinal === 1 && (!told || first === 'true'))
  return may.length === 1 && may[0] ? hostOf(may[0]) : undefined
}

/**
 * The container's name: it outlives the container, and Docker's DNS knows it. Its address only if that is asked for.
 *
 * @param {Listed} one
 */
function hostOf({ host, name, port, address }) {
  if (host === '') return `${name}:${port}`
  if (host === 'address') return address ?? ''
  return /:\d+$/.test(host) ? host : `${host}:${port}`
}

/** @param {string} text */
function isHost(text) {
  const [, name = '', port = ''] =
    /^([A-Za-z0-9][A-Za-z0-9._-]{0,254}|\[[0-9a-fA-F:.]{2,45}\]):(\d{1,5})$/.exec(text) ?? []
  return name !== '' && Number(port) >= 1 && Number(port) <= 65_535
}

/** @param {readonly string[]} texts */
function oneNumber(texts) {
  const [text = '', ...others] = new Set(texts)
  return others.length === 0 && /^\d{1,7}$/.test(text) ? Number(text) : undefined
}

/**
 * @param {string} why
 * @returns {Read}
 */
function no(why) {
  return { ok: false, why }
}

module.exports = { wantedOf }
