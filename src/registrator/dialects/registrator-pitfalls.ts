import type { Container } from '../../docker/docker.ts'
import type { GivenReader } from './given.ts'
import { sayUnknownCheck } from './registrator-checks.ts'
import { mostPorts, portOfWord, type Word, wordsFor } from './registrator-words.ts'

/** Says where registrator does something else than most people mean. */
export function sayPitfalls(
  container: Container,
  words: readonly Word[],
  reader: GivenReader,
): void {
  for (const word of words) {
    sayIgnored(word, reader)
    sayUnknownCheck(word, reader)
    sayUnexposed(word, container, reader)
  }
  sayShared(container, words, reader)
}

function sayIgnored(word: Word, reader: GivenReader): void {
  if (word.key !== 'ignore' || !/^(false|0|no|off)$/i.test(word.text)) return
  const why = 'any text means "ignore", this one too, as in registrator'
  reader.note(word, { severity: 'warning', why, remedy: 'remove it to have the port registered' })
}

function sayUnexposed(word: Word, { ports }: Container, reader: GivenReader): void {
  const port = portOfWord(word)
  if (port === undefined || ports.some((one) => one.port === port)) return
  const why = `the container does not expose port ${port}, and this alone does not register it`
  const remedy = `expose it (expose: ["${port}"]), or remove this`
  reader.note({ ...word, text: '…' }, { severity: 'note', why, remedy })
}

/** The plain tree gives each port an id of its own then, where registrator let them overwrite each other. */
function sayShared({ ports }: Container, words: readonly Word[], reader: GivenReader): void {
  const id = wordsFor(words).get('id')
  if (id === undefined || id.text === '') return
  const sharing = ports.slice(0, mostPorts).filter((port) => {
    const own = wordsFor(words, port)
    return own.get('id') === id && (own.get('ignore')?.text ?? '') === ''
  })
  if (sharing.length < 2) return
  const why = `${sharing.length} ports can not have the same id; theirs end in :<port>`
  const [{ port } = { port: 80 }] = sharing
  reader.note(id, {
    severity: 'warning',
    why,
    remedy: `give each its own: SERVICE_${port}_ID and so on`,
  })
}
