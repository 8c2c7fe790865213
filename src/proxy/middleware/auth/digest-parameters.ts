/** The parameters of `Digest a="b", c=d`; none for anything else (RFC 9110, 11.4). */
export function parametersOf(header: string): Readonly<Record<string, string | undefined>> {
  const [, list = ''] = /^digest +(.*)$/i.exec(header) ?? []
  const found: Record<string, string> = {}
  for (const [, name = '', quoted, bare] of list.matchAll(
    /([\w-]+) *= *(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)) *(?:,|$)/g,
  )) {
    found[name.toLowerCase()] = bare ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1')
  }
  return found
}
