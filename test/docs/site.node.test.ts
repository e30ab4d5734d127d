import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { anchorsOf } from '../../scripts/citations.mjs'
import { anchorOf, resolveLink } from '../../site/lib/links.mjs'
import { openapiPage } from '../../site/lib/openapi.mjs'
import { linkProblems } from '../../site/lib/output.mjs'
import { addressOf, readContents, sitePages, unlistedPages } from '../../site/lib/pages.mjs'
import { serveSite } from '../../site/lib/serve.mjs'
import { readPage, ROOT } from './blocks.ts'

const groups = readContents()
const folder = mkdtempSync(join(tmpdir(), 'reshare-site-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the site's menu", () => {
  test('has every page of docs', () => {
    expect(groups.length).toBeGreaterThan(4)
    expect(unlistedPages(groups)).toEqual([])
  })

  test('lacks a page that docs/README.md does not list', () => {
    const without = readContents(readPage('docs/README.md').replace('(stores.md)', '(backup.md)'))
    expect(unlistedPages(without)).toEqual(['docs/stores.md'])
  })

  test('has each page once, at an address of its own', () => {
    const sources = groups.flatMap(({ entries }) => entries.map(({ source }) => source))
    expect(new Set(sources.map(addressOf)).size).toBe(sources.length)
  })

  test('says of each page what it is for', () => {
    const nothing = groups.flatMap(({ entries }) => entries.filter(({ text, about }) => text === '' || about === ''))
    expect(nothing).toEqual([])
  })
})

describe('a link', () => {
  const repository = {
    root: ROOT,
    repository: 'https://github.example/reshare',
    generated: 'build/site/pages',
    pages: sitePages(groups),
  }
  const resolve = (source: string, href: string) => resolveLink(repository, source, href)

  test.each([
    ['docs/client.md', 'backup.md#k-of-n-methods', '/backup.md#k-of-n-methods'],
    ['docs/client.md', '../README.md', '/index.md'],
    ['docs/guides/server.md', '../reference/openapi-server.json', '/reference/openapi-server.md'],
    ['docs/README.md', '../examples/README.md', '/examples.md'],
    ['docs/README.md', '../examples/', '/examples.md'],
    ['docs/client.md', '#errors', '#errors'],
    ['docs/client.md', 'https://www.rfc-editor.org/rfc/rfc9591', 'https://www.rfc-editor.org/rfc/rfc9591'],
    ['README.md', 'SECURITY.md', 'https://github.example/reshare/blob/main/SECURITY.md'],
    ['README.md', 'deploy/', 'https://github.example/reshare/tree/main/deploy'],
  ])('of %s to %s is %s', (source, href, address) => {
    expect(resolve(source, href)).toBe(address)
  })

  test.each(['no-page.md', '../src/nothing.ts', '../../outside', 'http://example.com/', 'javascript:alert(1)'])(
    'to %s stops the build',
    (href) => {
      expect(() => resolve('docs/client.md', href)).toThrow(/^docs\/client.md: /)
    },
  )
})

test('headings of the site have the anchors of GitHub', () => {
  const headings = readPage('docs/security.md').match(/^#+ .*$/gm)!
  expect(headings.map((heading) => anchorOf(heading.replace(/^#+ /, '')))).toEqual(
    expect.arrayContaining([...anchorsOf(readPage('docs/security.md'))]),
  )
})

describe.each(['openapi-server', 'openapi-custodian'])('the page of %s', (name) => {
  const api = JSON.parse(readFileSync(join(ROOT, `docs/reference/${name}.json`), 'utf8'))
  const page = openapiPage(api, `${name}.json`, '')

  test('has every operation and every type', () => {
    const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object)
        .filter((method) => method !== 'parameters')
        .map((method) => `\`${method.toUpperCase()} ${path}\``),
    )
    const types = Object.keys(api.components.schemas).map((type) => `### ${type}\n`)
    expect(operations.length).toBeGreaterThan(8)
    expect([...operations, ...types].filter((text) => !page.includes(text))).toEqual([])
  })

  test('leaves nothing that it cannot say', () => {
    expect(page).not.toMatch(/undefined|\[object|NaN/)
    const anchors = anchorsOf(page)
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!)
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([])
  })
})

test('what is wrong with the links of a built site is found', () => {
  const page = (...links: string[]) => `<html><body><h1 id="here">Here</h1>${links.join('')}</body></html>`
  const good = ['/base/', '#here', '/base/b.html#here', 'b.html', 'https://example.com/'].map(
    (href) => `<a href="${href}">`,
  )
  const bad = [
    ['<a href="/b.html">', 'not under /base/'],
    ['<a href="c.html">', 'no such page'],
    ['<a href="b.html#there">', 'no such heading'],
    ['<a href="http://example.com/">', 'not https'],
    ['<img alt="" src="https://example.com/a.png">', 'from elsewhere'],
    ['<script type="module" src="https://example.com/a.js">', 'from elsewhere'],
    ['<link rel="stylesheet" href="//example.com/a.css">', 'from elsewhere'],
  ] as const
  writeFileSync(join(folder, 'b.html'), page())
  writeFileSync(join(folder, 'index.html'), page(...good))
  expect(linkProblems(folder, '/base/')).toEqual({ links: good.length, problems: [] })
  writeFileSync(join(folder, 'index.html'), page(...bad.map(([tag]) => tag)))
  expect(linkProblems(folder, '/base/').problems.map((problem) => problem.split(': ').at(-1))).toEqual(
    bad.map(([, problem]) => problem),
  )
})

test('a built site is served under its path, with a page for what is not there', async () => {
  writeFileSync(join(folder, 'page.html'), 'a page')
  writeFileSync(join(folder, '404.html'), 'none')
  const site = await serveSite(folder, '/base/', 0)
  try {
    const get = async (path: string) => {
      const response = await fetch(new URL(path, site.url))
      const { status, headers } = response
      return [status, headers.get('content-type'), await response.text()]
    }
    const html = 'text/html; charset=utf-8'
    expect(await get('page.html')).toEqual([200, html, 'a page'])
    expect(await get('page')).toEqual([200, html, 'a page'])
    for (const path of ['nothing', '/page.html', '%ff', '..%2f..%2fetc%2fpasswd'])
      expect(await get(path)).toEqual([404, html, 'none'])
  } finally {
    site.close()
  }
})
