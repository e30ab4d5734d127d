import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { anchorsOf, citations, citingFiles, commentsOf } from '../../scripts/citations.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('what documents and comments cite is there', () => {
  const files = citingFiles(root)
  expect(files.size).toBeGreaterThan(500)
  expect(citations(root, files)).toEqual([])
})

describe('a citation of nothing is noticed', () => {
  const PAGE = 'docs/internals/signing-server.md'
  const SERVER = readFileSync(`${root}${PAGE}`, 'utf8')
  const found = (path: string, text: string) =>
    citations(
      root,
      new Map([
        [PAGE, SERVER],
        ['src/errors.ts', "type Code = 'SET_RETIRED'"],
        [path, text],
      ]),
    ).filter((finding) => finding.startsWith(`${path}: `))

  test.each([
    ['docs/a.md', '[it](internals/signing-server.md#invariance)', `no heading #invariance in ${PAGE}`],
    ['docs/a.md', '[it](#nowhere)\n\n## Somewhere', 'no heading #nowhere in docs/a.md'],
    ['docs/a.md', '[it](serfer.md)', 'no page serfer.md'],
    ['docs/a.md', 'see `src/serfer/index.ts`', 'no file src/serfer/index.ts'],
    ['docs/a.md', 'see `tranport.test.ts`', 'no file tranport.test.ts'],
    ['docs/a.md', 'see `src/{server,serfer}/indx.ts`', 'no file src/{server,serfer}/indx.ts'],
    ['docs/a.md', 'answers `SET_RETIERED`', 'no SET_RETIERED in any source'],
    ['docs/a.md', 'by I7', `no invariant I7 in ${PAGE}`],
    ['docs/a.md', 'as protocols §6 says', '§6, of what?'],
    ['src/a.ts', '// design section 9, row 1', 'section 9, of what?'],
    ['src/a.ts', `/** See ${PAGE}#invariance. */`, `no heading #invariance in ${PAGE}`],
    ['src/a.ts', '/**\n * Mirrors\n * src/serfer/index.ts.\n */', 'no file src/serfer/index.ts'],
  ])('%s: %j', (path, text, finding) => {
    expect(found(path, text)).toEqual([`${path}: ${finding}`])
  })

  test.each([
    [
      'docs/a.md',
      '[it](internals/signing-server.md#invariants), `src/{errors,index}.ts`, `test/curve/*.test.ts`, `SET_RETIRED`, I4',
    ],
    ['docs/a.md', '[it](#its-own-heading)\n\n## Its *own* heading'],
    ['docs/a.md', '`test/curve`, RFC 9591 §5.3, `docs/internals/signing-server.md`'],
    ['CHANGELOG.md', '`src/what/was.ts`'],
    ['src/a.ts', "const path = 'src/serfer/index.ts' // of RFC 8032 §5.1"],
  ])('%s may say %j', (path, text) => {
    expect(found(path, text)).toEqual([])
  })
})

test('comments are read in one line each, and code is not', () => {
  const source = "const a = 1 // first\n// sec\n// ond\n/**\n * third\n * part */\n'four'"
  expect(
    commentsOf(source)
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['// first', '// sec ond', '/** third part */'])
})

test('anchors are those of GitHub', () => {
  const page = '# The custodian’s: `own`, in 2 parts\n```sh\n# no heading\n```\n## Where cipherTexts are kept'
  expect([...anchorsOf(page)]).toEqual(['the-custodians-own-in-2-parts', 'where-ciphertexts-are-kept'])
})
