// @ts-check
// The links of the built pages, without a network: those within the site lead to a page and a heading that are there; those
// to elsewhere are links of https, and nothing else is from elsewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ORIGIN = 'https://site.invalid'
const TAG = /<(\w[\w-]*)((?:\s+[\w:@-]+(?:="[^"]*")?)*)\s*\/?>/g

/** @param {string} folder of the built site @param {string} base @returns {{ links: number, problems: string[] }} */
export function linkProblems(folder, base) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  const pages = new Map(names.map((name) => [name, readPage(readFileSync(join(folder, name), 'utf8'))]))
  const there = (/** @type {string} */ path) => pages.has(path) || existsSync(join(folder, path))
  let links = 0
  const problems = names.flatMap((name) => {
    const page = pages.get(name)
    return (page?.links ?? []).flatMap(({ tag, address }) => {
      links += 1
      const problem = problemOf({ tag, address, name, base, there, idsOf: (path) => pages.get(path)?.ids })
      return problem === undefined ? [] : [`${name}: <${tag}> ${address}: ${problem}`]
    })
  })
  return { links, problems: [...new Set(problems)] }
}

/** @param {string} html */
function readPage(html) {
  const ids = new Set(['app'])
  const links = /** @type {{ tag: string, address: string }[]} */ ([])
  for (const [, tag = '', text = ''] of html.matchAll(TAG)) {
    const attributes = Object.fromEntries(
      [...text.matchAll(/([\w:@-]+)="([^"]*)"/g)].map(([, name, value = '']) => [name, value.replaceAll('&amp;', '&')]),
    )
    if (attributes['id'] !== undefined) ids.add(attributes['id'])
    const address = attributes['href'] ?? attributes['src']
    if (address !== undefined && !address.startsWith('data:')) links.push({ tag, address })
  }
  return { ids, links }
}

/**
 * @typedef {object} Link
 * @property {string} tag
 * @property {string} address
 * @property {string} name of its page
 * @property {string} base
 * @property {(path: string) => boolean} there
 * @property {(path: string) => ReadonlySet<string> | undefined} idsOf
 */

/** @param {Link} link @returns {string | undefined} */
function problemOf({ tag, address, name, base, there, idsOf }) {
  if (address.startsWith('mailto:')) return undefined
  if (!URL.canParse(address, `${ORIGIN}${base}${name}`)) return 'no address'
  const url = new URL(address, `${ORIGIN}${base}${name}`)
  if (url.origin !== ORIGIN) {
    if (tag !== 'a') return 'from elsewhere'
    return url.protocol === 'https:' ? undefined : 'not https'
  }
  if (!url.pathname.startsWith(base)) return `not under ${base}`
  const path = decodeURIComponent(url.pathname.slice(base.length))
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path
  if (!there(file)) return 'no such page'
  const anchor = decodeURIComponent(url.hash.slice(1))
  return anchor === '' || idsOf(file)?.has(anchor) ? undefined : 'no such heading'
}
