import { PortolanError } from '../../core/errors.ts'
import type { DeclaredPort } from './dialect.ts'
import type { GivenReader } from './given.ts'
import { serviceNameOf } from './labels.ts'
import { isUnderstood, type Words } from './registrator-words.ts'

/** Name, id, attributes, and whether to leave it out. Empty texts say nothing, but for attributes. */
export function valuesOf(
  words: Words,
  reader: GivenReader,
): Pick<DeclaredPort, 'service' | 'id' | 'ignored' | 'attributes'> {
  const service = valueOf(words, 'name', serviceNameOf, reader)
  const id = valueOf(words, 'id', idOf, reader)
  const ignore = words.get('ignore')
  const attributes = attributesOf(words, reader)
  return {
    ...(service !== undefined && { service }),
    ...(id !== undefined && { id }),
    ...(ignore && { ignored: ignore.text !== '' }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  }
}

/** Items between commas, trimmed, empty ones left out, in the order as written; `\,` is a comma that is meant. */
export function tagsOf(words: Words, reader: GivenReader): string[] {
  return valueOf(words, 'tags', splitTags, reader) ?? []
}

function valueOf<T>(
  words: Words,
  key: string,
  parse: (text: string) => T,
  reader: GivenReader,
): T | undefined {
  const word = words.get(key)
  return word === undefined || word.text === '' ? undefined : reader.read(word, parse)
}

function attributesOf(words: Words, reader: GivenReader): Record<string, string> {
  const free = [...words].filter(([key]) => !isUnderstood(key))
  return Object.fromEntries(
    free.flatMap(([key, word]) => {
      const text = reader.read(word, (value) => value)
      return text === undefined ? [] : [[key, text]]
    }),
  )
}

function splitTags(text: string): string[] {
  if (text.includes('{{')) {
    throw new PortolanError('bad-value', 'tags are no templates here; write the tags themselves')
  }
  return text
    .split(/(?<!\\),/)
    .map((tag) => tag.replaceAll('\\,', ',').trim())
    .filter((tag) => tag !== '')
}

/** Last part of a key in the store. */
function idOf(text: string): string {
  if (/^[^\s/]{1,255}$/.test(text)) return text
  throw new PortolanError(
    'bad-value',
    'it is not an id; leave out slashes and spaces, 255 characters at most',
  )
}
