import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allTags } from '../../src/util/tags.ts'
import { readPage, ROOT } from './blocks.ts'

const protocolPage = readPage('docs/protocol.md')
const ecdsaPage = readPage('docs/ecdsa.md')
const LABELS_SECTION = /^## Labels\n([^]*?)^## /m

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
const section = (page: string): string => LABELS_SECTION.exec(page)![1]!

/** The first cells of the table under a head. */
function firstCells(page: string, head: string): string[] {
  const [, table] = section(page).split(`| ${head} |`) as [string, string]
  const rows = table.split('\n\n')[0]!.split('\n').slice(2)
  return rows.flatMap((row) => quoted(row.split('|')[1]!))
}

/** Labels by protocol, as the pages have them. */
function documented(): Record<string, string[]> {
  const rows = section(protocolPage)
    .split('| protocol |')[1]!
    .split('\n\n')[0]!
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()))
  const inProtocol = rows.map(([, protocol, , labels]) => [quoted(protocol!)[0]!, quoted(labels!)] as const)
  return {
    ...Object.fromEntries(inProtocol),
    'ecdsa-setup': firstCells(ecdsaPage, 'label of `ecdsa-setup` | form | of'),
    ecdsa: firstCells(ecdsaPage, 'label of `ecdsa` | form | of'),
  }
}

test('the tables of labels are those of the source', () => {
  const names = Object.entries(documented()).flatMap(([protocol, labels]) =>
    labels.map((label) => `reshare/v1/wallet/${protocol}/${label}`),
  )
  const tags = allTags().filter((tag) => tag.startsWith('reshare/v1/wallet/'))
  expect(tags.length).toBeGreaterThan(70)
  expect(names.sort()).toEqual(tags.sort())
})

test('so is the table of other strings', () => {
  const folder = join(ROOT, 'src')
  const texts = readdirSync(folder, { recursive: true })
    .filter((name) => String(name).endsWith('.ts') && String(name) !== 'util/tags.ts')
    .map((name) => readFileSync(join(folder, String(name)), 'utf8').replace(/^ *(?:\/\/|\/?\*).*$/gm, ''))
  const used = texts.flatMap((text) => [...text.matchAll(/['`](reshare\/v1\/[^'`\s]+)/g)].map(([, name]) => name!))
  expect([...new Set(used)].sort()).toEqual(firstCells(protocolPage, 'string | where').sort())
})
