// Runs in mongosh: mongosh --nodb --quiet replica-set.js
'use strict'

const fs = require('node:fs')
const { wantedOf } = require(`${__dirname}/replica-set-wanted.cjs`)
const { pass } = require(`${__dirname}/replica-set-pass.cjs`)

const {
  MEMBERS = '/members/members.json',
  STATE = '/state/replica-set.json',
  SET = '',
  MONGO_USER = 'root',
} = process.env
const passwordFile = process.env.PASSWORD_FILE ?? ''
const everyMs = Number(process.env.EVERY_MS ?? 2000)

const connections = new Map()

/** Of one mongod, whatever set it is in. */
function connectionTo(host) {
  const password = passwordFile && fs.readFileSync(passwordFile, 'utf8').trimEnd()
  const who = password && `${encodeURIComponent(MONGO_USER)}:${encodeURIComponent(password)}@`
  const limits = 'serverSelectionTimeoutMS=3000&connectTimeoutMS=3000&socketTimeoutMS=40000'
  return new Mongo(`mongodb://${who}${host}/?directConnection=true&${limits}`)
}

async function ask(host, command) {
  // it looks for its server again by itself, at an address that may be another
  if (!connections.has(host)) connections.set(host, await connectionTo(host))
  return connections.get(host).getDB('admin').runCommand(command)
}

function remembered() {
  if (!fs.existsSync(STATE)) return { missing: {} }
  return JSON.parse(fs.readFileSync(STATE, 'utf8'))
}

function remember(memory) {
  const text = JSON.stringify(memory)
  if (fs.existsSync(STATE) && fs.readFileSync(STATE, 'utf8') === text) return
  fs.writeFileSync(`${STATE}.new`, text)
  fs.renameSync(`${STATE}.new`, STATE)
}

async function once() {
  const read = wantedOf(JSON.parse(fs.readFileSync(MEMBERS, 'utf8')), SET)
  if (!read.ok) return `refuse: ${read.why}`
  const step = await pass(
    { ask, wanted: read.wanted, memory: remembered(), now: Date.now() },
    remember,
  )
  return `${step.do}: ${step.why}`
}

async function watch() {
  let before = ''
  while (true) {
    const said = await once().catch(
      ({ codeName = '', message }) => `failed: ${codeName} ${message}`,
    )
    if (said !== before) print(`${new Date().toISOString()} ${said}`)
    before = said
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

// mongosh waits for what the last expression of a script promises
watch().catch((error) => {
  print(error.message)
  quit(1)
})
