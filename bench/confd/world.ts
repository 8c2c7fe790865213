import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How long a change waits for others, in all resources here. */
export const wait = '5ms:50ms'

/** Resources by name: fields and template. OUT in fields is the folder of their files. */
type Resources = Readonly<Record<string, { readonly fields: string; readonly template: string }>>

/** A configuration folder that is removed with it. */
export async function configFolder(resources: Resources) {
  const root = await mkdtemp(join(tmpdir(), 'portolan-bench-confd-'))
  const out = join(root, 'out')
  for (const folder of ['conf.d', 'templates', 'out']) await mkdir(join(root, folder))
  for (const [name, { fields, template }] of Object.entries(resources)) {
    await writeFile(join(root, 'templates', name), template)
    await writeFile(
      join(root, 'conf.d', `${name}.toml`),
      `[template]\nsrc = "${name}"\ndest = "${join(out, name)}"\nwait = "${wait}"\n` +
        fields.replaceAll('OUT', out),
    )
  }
  return {
    root,
    out: (name: string) => join(out, name),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
