// @ts-check
// Links as they are written for GitHub, on the site: to a page of the site, else to the file in the repository.
import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * Where its files are, where others read them, where generated pages are, and which files are pages.
 *
 * @typedef {{ root: string, repository: string, generated: string, pages: ReadonlyMap<string, string> }} Repository
 */

/**
 * The address for a link of a page.
 *
 * @param {Repository} repository
 * @param {string} source the page, as a path in the repository
 * @param {string} href
 * @returns {string}
 * @throws Error if there is no such file, or an outside address is none or not of https
 */
export function resolveLink({ root, repository, generated, pages }, source, href) {
  if (/^[a-z][a-z+.-]*:/i.test(href)) {
    if (!/^(https:\/\/[^/\s]+[.][^/\s]+|mailto:\S+@\S+$)/.test(href) || !URL.canParse(href)) {
      throw new Error(`${source}: ${href} is no address of https`)
    }
    return href
  }
  if (href.startsWith('#')) return href
  const [path = '', anchor] = decodeURI(href).split('#')
  const target = posix.join(posix.dirname(source), path).replace(/\/$/, '')
  const hash = anchor === undefined ? '' : `#${anchor}`
  const page = pages.get(target) ?? pages.get(`${target}/README.md`)
  if (page !== undefined) return `/${page}${hash}`
  if (target.startsWith('..') || !existsSync(join(root, target))) throw new Error(`${source}: no file for ${href}`)
  if (target.startsWith(`${generated}/`)) return target.slice(generated.length)
  const kind = statSync(join(root, target)).isDirectory() ? 'tree' : 'blob'
  return `${repository}/${kind}/main/${target}${hash}`
}

/** The name of a heading, as GitHub makes it. @param {string} heading */
export function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
