import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { isRootOnDebian, run, say, SetupError } from './shell.ts'

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
  if (await isRootOnDebian()) {
    say('no Chromium is installed: installing chromium-headless-shell')
    await run('bash', [
      '-c',
      'say() { echo "$*" >&2; }; . test/bed/apt.sh; apt_install chromium-headless-shell',
    ])
  }
  const now = installed()
  if (now === undefined) {
    throw new SetupError(
      'the dashboard is tested in a Chromium: install one, or name it in CHROMIUM',
    )
  }
  return now
}

function installed(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...paths, onMac].find((path) => existsSync(path))
}
