// @ts-check
// What VitePress leaves in pages and a strict Content-Security-Policy forbids: scripts in the page's text become files, and
// so do the colours of code.
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GENERATED, ROOT } from './pages.mjs'

/** Nothing from elsewhere, nothing written into the page. `data:` is for pictures that the theme and diagrams carry. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Of the theme: its script sets them again, or theme/style.css has them. */
const INLINE_STYLE = / style="(?:position:relative|--vp-vh:0px);"/g
const INLINE_SCRIPT = /<script((?:(?! src=)[^>])*)>([^]*?)<\/script>/g

/** @param {string} folder of the built site @param {string} base its path @param {string} codeColors CSS */
export function finishOutput(folder, base, codeColors) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const write = (/** @type {string} */ text, /** @type {string} */ ending) => {
    const name = `assets/${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${ending}`
    writeFileSync(join(folder, name), text)
    return `${base}${name}`
  }
  const colors = write(codeColors, 'css')
  const icon = write(readFileSync(join(ROOT, 'demo/web/page/icon.svg'), 'utf8'), 'svg')
  for (const name of names.filter((name) => name.endsWith('.html'))) {
    const html = readFileSync(join(folder, name), 'utf8')
      .replace(INLINE_SCRIPT, (_, attributes, script) => `<script${attributes} src="${write(script, 'js')}"></script>`)
      .replace(INLINE_STYLE, '')
      .replace(
        '<meta charset="utf-8">',
        `<meta charset="utf-8">\n    <meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
      )
      .replace('</head>', `  <link rel="stylesheet" href="${colors}">\n    <link rel="icon" href="${icon}">\n  </head>`)
    writeFileSync(join(folder, name), html)
  }
  const documents = readdirSync(join(ROOT, GENERATED), { recursive: true, encoding: 'utf8' })
  for (const name of documents.filter((name) => name.endsWith('.json'))) {
    cpSync(join(ROOT, GENERATED, name), join(folder, name))
  }
}
