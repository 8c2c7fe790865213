import { existsSync } from 'node:fs'

import { SetupError } from './shell.ts'
import { aptInstalled, findCommand } from './tools.ts'

const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]
const onMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** The path of a Chromium for the dashboard's tests: CHROMIUM, else one that is installed, else a new one if we may. */
export async function findBrowser(): Promise<string> {
  const found = process.env['CHROMIUM'] ?? installed()
  if (found !== undefined) return found
  await aptInstalled(['chromium-headless-shell'])
  const now = installed()
  if (now !== undefined) return now
  throw new SetupError('the dashboard is tested in a Chromium: install one, or name it in CHROMIUM')
}

function installed(): string | undefined {
  return findCommand(names) ?? (existsSync(onMac) ? onMac : undefined)
}
