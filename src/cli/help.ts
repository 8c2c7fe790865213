import { variableOf } from '../config/config.ts'
import { type About, settingWords } from '../config/settings.ts'
import {
  type CommandName,
  commands,
  settingsOf,
  type Switch,
  switches,
  wordOf,
} from './commands.ts'

const width = 100
const column = 32

/** The help of one command, or of all. Made from the declarations of settings and commands. */
export function helpText(about?: CommandName): string {
  return about === undefined ? wholeHelp() : commandHelp(about)
}

/** The settings as a table in Markdown, for the README. */
export function settingsTable(): string {
  const rows = settingWords.map((one) => {
    const image = one.image === undefined ? '' : ` (image: \`${one.image}\`)`
    return `| \`${flagOf(one)}\` | ${usualOf(one)}${image} | ${one.help} |`
  })
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

function wholeHelp(): string {
  return [
    'Portolan watches Docker, keeps the addresses of containers, and routes HTTP to them.',
    '',
    'Usage: portolan [command] [flags]',
    '',
    'Commands',
    ...Object.entries(commands).flatMap(([name, words]) => {
      return entry('word' in words ? `${name} ${words.word}` : name, words.does)
    }),
    '',
    ...settingsHelp(settingWords),
    '',
    'Other flags',
    ...entry('-h, --help', 'this help; portolan COMMAND --help for one command'),
    ...entry('-V, --version', 'the version'),
    '',
  ].join('\n')
}

function commandHelp(name: CommandName): string {
  const { does, takes } = commands[name]
  const own = switches[takes]
  const settings = settingsOf(name)
  const word = wordOf(name)
  return [
    `Usage: portolan ${name}${word === undefined ? '' : ` ${word}`} [flags]`,
    '',
    `${name}: ${does}`,
    '',
    ...(own.length === 0 ? [] : ['Flags']),
    ...own.flatMap((one) => entry(switchOf(one), one.help)),
    ...(own.length === 0 ? [] : ['']),
    ...settingsHelp(settingWords.filter((one) => settings?.includes(one.name) ?? true)),
    '',
  ].join('\n')
}

function switchOf({ name, value }: Switch): string {
  return flagOf({ name, value: value ?? '' })
}

function settingsHelp(settings: readonly About[]): string[] {
  const example = settings[0]?.name ?? ''
  return [
    `Settings: flags, or variables (--${example} is ${variableOf(example)}); flags win`,
    ...settings.flatMap((one) => {
      const usual = one.value === '' ? '' : ` [${plain(usualOf(one))}]`
      return entry(flagOf(one), `${plain(one.help)}${usual}`)
    }),
  ]
}

function flagOf({ name, value }: Pick<About, 'name' | 'value'>): string {
  return value === '' ? `--${name}` : `--${name} ${value}`
}

function usualOf(one: About): string {
  if (one.usual !== undefined) return one.usual
  return one.default === '' ? 'none' : `\`${one.default}\``
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '')
}

/** Two columns, the second one wrapped; a first one that is too long stands on its own line. */
function entry(first: string, second: string): string[] {
  const lines = wrapped(second, width - column)
  const left = `  ${first}`
  const apart = left.length + 2 > column
  const rest = (apart ? lines : lines.slice(1)).map((line) => ' '.repeat(column) + line)
  return [apart ? left : left.padEnd(column) + (lines[0] ?? ''), ...rest]
}

function wrapped(text: string, limit: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
