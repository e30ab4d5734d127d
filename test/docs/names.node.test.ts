import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { PAGES, readPage, ROOT } from './blocks.ts'
import { manifest, SOURCES } from './public-names.ts'

test('every entry point that the documents name is one', () => {
  const named = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/[`'](reshare\/[a-z-]+(?:\/[a-z-]+)*)[`']/g)].map(([, name]) => ({
      page,
      name: name!,
    })),
  )
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter(({ name }) => !SOURCES.has(name))).toEqual([])
})

test('the table of the README has every entry point, and what it names is exported by one of its row', async () => {
  const rows = readPage('README.md').match(/^\| `reshare[`/].*\|$/gm)!
  const missing: string[] = []
  const entries = new Set<string>()
  for (const row of rows) {
    const spans = [...row.matchAll(/`([^`]+)`/g)].map(([, span]) => span!.replace(/\(.*\)$/, ''))
    const own = spans.filter((span) => SOURCES.has(span))
    const modules = await Promise.all(own.map(async (name) => (await import(SOURCES.get(name)!)) as object))
    for (const name of own) entries.add(name)
    const names = spans.filter((span) => /^[a-z]\w+$/i.test(span) && span !== manifest.name)
    missing.push(...names.filter((name) => !modules.some((module) => Object.hasOwn(module, name))))
  }
  expect(missing).toEqual([])
  // Those are told of where they are used: docs/conformance.md.
  expect([...SOURCES.keys()].filter((name) => !entries.has(name) && !name.endsWith('/conformance'))).toEqual([])
})

test('every link within the documents leads somewhere', () => {
  const broken = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(([link, path, anchor]) => {
      const target = path === '' ? page : join(dirname(page), path!)
      if (!existsSync(join(ROOT, target))) return [`${page}: ${link}`]
      return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [`${page}: ${link}`]
    }),
  )
  expect(broken).toEqual([])
})

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = readPage(page).match(/^#+ .*$/gm) ?? []
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
