import { spawnSync } from 'node:child_process'

import { expect, test } from 'vitest'

import { coloured, unifiedDiff } from '../../src/confd/diff.ts'
import { tempFolder } from './scene.ts'

test('equal texts have no diff', () => {
  expect(unifiedDiff('a\n', 'a\n', 'x')).toBe('')
})

test('a diff shows three lines around each change', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const after = lines.with(4, 'changed').toSpliced(20, 1).join('\n')
  expect(unifiedDiff(`${lines.join('\n')}\n`, `${after}\n`, '/etc/x')).toBe(
    `--- /etc/x
+++ /etc/x (rendered)
@@ -2,7 +2,7 @@
 line 1
 line 2
 line 3
-line 4
+changed
 line 5
 line 6
 line 7
@@ -18,7 +18,6 @@
 line 17
 line 18
 line 19
-line 20
 line 21
 line 22
 line 23
`,
  )
})

test('colours mark what goes and what comes', () => {
  expect(coloured('-a\n+b\n c')).toBe('\x1b[31m-a\x1b[0m\n\x1b[32m+b\x1b[0m\n c')
})

for (const [what, before, after] of [
  ['a new file', '', 'a\nb\n'],
  ['an emptied file', 'a\nb\n', ''],
  ['a missing last newline', 'a\nb\n', 'a\nb'],
  ['an added last newline', 'a\nb', 'a\nc\n'],
  ['moved lines', 'a\nb\nc\nd\ne\n', 'd\ne\na\nb\nc\n'],
  ['repeated lines', 'x\nx\na\nx\nx\n', 'x\na\nx\nx\nx\nx\nb\n'],
  ['nothing in common', 'a\nb\nc\n', '1\n2\n3\n4\n'],
  ['too many edits to search', 'a\n'.repeat(3000), 'b\n'.repeat(3000)],
] as const) {
  test(`patch(1) makes the new text of the old one: ${what}`, async () => {
    const folder = await tempFolder()
    await folder.write('file', before)
    const patched = spawnSync('patch', ['-s', '--posix', folder.at('file')], {
      input: unifiedDiff(before, after, 'file'),
      encoding: 'utf8',
    })
    expect(patched.stdout + patched.stderr).toBe('')
    expect((await folder.readIfThere('file')) ?? '').toBe(after)
  })
}
