// @ts-check
// What the site changes in how Markdown is rendered, so that pages which GitHub shows need no other text.
import { relative } from 'node:path'
import { diagramHtml } from './diagrams.mjs'
import { resolveLink } from './links.mjs'

/** @typedef {import('./links.mjs').Repository} Repository */

/** @param {any} md of markdown-it @param {Repository} repository */
export function renderAsGitHub(md, repository) {
  md.core.ruler.push('links-of-the-repository', (/** @type {any} */ state) => {
    const source = relative(repository.root, state.env.realPath ?? state.env.path)
    for (const token of allTokens(state.tokens)) {
      if (token.type === 'link_open') token.attrSet('href', resolveLink(repository, source, token.attrGet('href')))
      // A page allows no style in its text: theme/style.css has the class.
      const style = token.attrGet('style')
      if (style !== null) {
        token.attrs = token.attrs.filter((/** @type {[string, string]} */ [name]) => name !== 'style')
        token.attrJoin('class', style.replace(':', '-'))
      }
    }
  })
  const { text, fence } = md.renderer.rules
  // Two braces are no expression.
  md.renderer.rules.text = (/** @type {any[]} */ ...args) => text(...args).replaceAll('{{', '&#123;&#123;')
  md.renderer.rules.fence = (/** @type {any[]} */ ...args) => {
    const token = args[0][args[1]]
    if (token.info === 'mermaid') return diagramHtml(token.content)
    // The words after a language are for test/docs, and bytes have no colours.
    token.info = token.info.replace(/ .*$/, '').replace(/^hex$/, 'txt')
    return fence(...args)
  }
}

/** @param {readonly any[]} tokens @returns {any[]} */
function allTokens(tokens) {
  return tokens.flatMap((token) => [token, ...allTokens(token.children ?? [])])
}
