import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The cells under "tests" in every table of a page, with the line that each is in. */
function testCells(page: string): { readonly row: string; readonly cell: string }[] {
  const cells: { row: string; cell: string }[] = []
  let inTable = false
  for (const row of page.split('\n')) {
    const columns = row.split('|').map((column) => column.trim())
    if (!row.startsWith('|')) inTable = false
    else if (columns.at(-2) === 'tests') inTable = true
    else if (inTable && !row.startsWith('|---')) cells.push({ row, cell: columns.at(-2) })
  }
  return cells
}

/** Whether there is a folder of tests, or a test file, of this name below `test`. */
function isTest(name: string): boolean {
  const path = join(root, 'test', name)
  const files = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
  if (files(path).some((file) => file.endsWith('.test.ts') || !file.includes('.'))) return true
  const stem = basename(path)
  return files(dirname(path)).some((file) => [`${stem}.test.ts`, `${stem}.node.test.ts`].includes(file))
}

/** The names in a cell that stand for no test: each is below `test`, or beside the one before it. */
function missing(cell: string): string[] {
  let folder = ''
  return [...cell.matchAll(/`([^`]+)`/g)]
    .map(([, name]) => name!)
    .filter((name) => {
      const found = [name, join(folder, name)].find(isTest)
      if (found !== undefined) folder = dirname(found)
      return found === undefined
    })
}

test('every test that docs/security.md names is there, and every row of its tables names one', () => {
  const cells = testCells(readFileSync(join(root, 'docs/security.md'), 'utf8'))
  expect(cells.length).toBeGreaterThan(50)
  expect(cells.filter(({ cell }) => !cell.includes('`')).map(({ row }) => row)).toEqual([])
  expect(cells.flatMap(({ cell }) => missing(cell))).toEqual([])
})

test('a name of no test is noticed', () => {
  expect(missing('`protocol/ecdsa/adversary`, `secrets`, `crash/`')).toEqual([])
  expect(missing('`protocol/ecdsa/adversary`, `volcano`, `server/crash`')).toEqual(['volcano', 'server/crash'])
})
