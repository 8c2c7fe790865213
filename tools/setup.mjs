// What `npm start` and `npm test` need before they can run: the packages of package-lock.json,
// Node 26 among them. Plain JavaScript, because the Node that runs this may be an old one (18).
//
//   node tools/setup.mjs            for `npm start`
//   node tools/setup.mjs --tests    for `npm test` and `npm run check`: development packages too

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'

const wanted = 26
const forTests = process.argv.includes('--tests')
// A new Node serves as it is; an old one needs the Node that comes with the development packages.
const isOld = Number(process.versions.node.split('.')[0]) < wanted
const needsDevelopment = forTests || isOld

if (!isInstalled()) install()
if (isOld && !isLinked()) {
  fail(
    `this is Node ${process.versions.node}, and npm has no Node ${wanted} for ${process.platform}-${process.arch}`,
    `install Node ${wanted} from https://nodejs.org, then run this again`,
  )
}

/** Whether node_modules has what the lockfile says. npm's own lists are compared: times lie after a checkout. */
function isInstalled() {
  const there = packages('node_modules/.package-lock.json')
  return Object.entries(packages('package-lock.json')).every(
    ([path, { version, dev, optional, link }]) => {
      if (!path.startsWith('node_modules/') || optional || link || (dev && !needsDevelopment))
        return true
      return there[path] !== undefined && there[path].version === version
    },
  )
}

/** Whether node_modules/.bin/node is there. npm 9 installs the package and doesn't link its command. */
function isLinked() {
  const link = 'node_modules/.bin/node'
  if (existsSync(link)) return true
  const machine = `${process.platform}-${process.arch}`
  const paths = [`node-${machine}/bin/node`, `node-bin-${machine}/bin/node`]
  const path = paths.find((one) => existsSync(`node_modules/${one}`))
  if (path !== undefined) symlinkSync(`../${path}`, link)
  return path !== undefined
}

function packages(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {}
}

/** No package needs its install script, and what `engines` says of Node is what we bring. */
function install() {
  console.error('setup: installing packages with npm ci, once, for about 15 seconds …')
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-engine-strict']
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const done = npm([...args, ...quiet])
  if (done.status === 0) return
  const why = done.error ? done.error.message : `it ended with ${done.signal || done.status}`
  fail(`npm ci failed: ${why}`, 'run `npm ci` to see why')
}

/** npm under the Node that runs it already: node_modules/.bin/node is deleted while npm ci works. */
function npm(args) {
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  const options = { stdio: ['ignore', 'ignore', 'inherit'] }
  if (script && node) return spawnSync(node, [script, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function fail(what, remedy) {
  console.error(`setup: ${what}; ${remedy}`)
  process.exit(1)
}
