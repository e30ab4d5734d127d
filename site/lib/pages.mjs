// @ts-check
// Which files are pages of the site, and where they are on it. docs/README.md is the list, and the site's menu.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(fileURLToPath(new URL('..', import.meta.url)))
export const HOME = 'README.md'
export const CONTENTS = 'docs/README.md'
/** What scripts/site.mjs writes: pages of the OpenAPI documents, and of everything that is exported. */
export const GENERATED = 'build/site/pages'
const EXPORTS = 'reference/exports'

/** @typedef {{ text: string, source: string, about: string }} Entry a page in the list; its source is a path in the repository */
/** @typedef {{ text: string, entries: Entry[] }} Group */

/** The tables of docs/README.md. @param {string} [text] @returns {Group[]} */
export function readContents(text = readFileSync(join(ROOT, CONTENTS), 'utf8')) {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.slice(0, section.indexOf('\n')),
      entries: [...section.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\) \| (.*) \|$/gm)].map(
        ([, text = '', path = '', about = '']) => ({
          text,
          source: posix.join(posix.dirname(CONTENTS), path),
          about,
        }),
      ),
    }))
}

/** Pages of docs that the list does not have. @param {readonly Group[]} groups @returns {string[]} */
export function unlistedPages(groups) {
  const listed = new Set([CONTENTS, ...groups.flatMap(({ entries }) => entries.map(({ source }) => source))])
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  return pages.filter((name) => name.endsWith('.md') && !listed.has(`docs/${name}`)).map((name) => `docs/${name}`)
}

/**
 * Where a listed file is on the site: as in docs, and other files by their path in small letters.
 *
 * @param {string} source
 */
export function addressOf(source) {
  if (source === HOME) return 'index.md'
  if (source === CONTENTS) return 'contents.md'
  const path = source.startsWith('docs/') ? source.slice('docs/'.length) : source.toLowerCase()
  return path.replace(/[/]readme[.]md$/, '.md').replace(/[.]json$/, '.md')
}

/** Every page by its source, those of `GENERATED` too. @param {readonly Group[]} groups @returns {Map<string, string>} */
export function sitePages(groups) {
  const sources = [HOME, CONTENTS, ...groups.flatMap(({ entries }) => entries.map(({ source }) => source))]
  const generated = existsSync(join(ROOT, GENERATED))
    ? readdirSync(join(ROOT, GENERATED), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
    : []
  return new Map([
    ...sources.map((source) => /** @type {const} */ ([source, addressOf(source)])),
    ...generated.map(
      (name) => /** @type {const} */ ([`${GENERATED}/${name}`, name.replace(/README[.]md$/, 'index.md')]),
    ),
  ])
}

/** The other Markdown of the repository, as patterns. @param {ReadonlyMap<string, string>} pages */
export function excludedFiles(pages) {
  /** Folders that have pages, and those above them. */
  const open = new Set(
    [...pages.keys()].flatMap((source) => source.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))),
  )
  return [...open].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) return open.has(path) ? [] : [`${path}/**`]
      return path.endsWith('.md') && !pages.has(path) ? [path] : []
    }),
  )
}

/** The menu: the groups of the list, and after the reference what the package exports. @param {readonly Group[]} groups */
export function sidebarOf(groups) {
  const link = (/** @type {string} */ source) => `/${addressOf(source).replace(/[.]md$/, '')}`
  const menu = groups.map(({ text, entries }) => ({
    text,
    items: entries.map(({ text, source }) => ({ text, link: link(source) })),
  }))
  const at = groups.findIndex(({ text }) => text === 'Reference') + 1
  const own = [
    { text: 'About reshare', link: '/' },
    { text: 'All pages', link: link(CONTENTS) },
  ]
  return [{ items: own }, ...menu.slice(0, at), exportsMenu(), ...menu.slice(at)]
}

function exportsMenu() {
  const { name, exports: entries } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const index = readFileSync(join(ROOT, GENERATED, EXPORTS, 'README.md'), 'utf8')
  const pages = new Map([...index.matchAll(/^- \[(\S+)\]\((\S+)[.]md\)$/gm)].map(([, module, path]) => [module, path]))
  const modules = Object.keys(entries).map((path) => name + path.slice(1))
  return {
    text: 'Everything exported',
    link: `/${EXPORTS}/`,
    collapsed: true,
    items: modules
      .filter((module) => pages.has(module))
      .map((module) => ({ text: module, link: `/${EXPORTS}/${pages.get(module)}` })),
  }
}
