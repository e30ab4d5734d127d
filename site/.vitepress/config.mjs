// @ts-check
// The site: docs/ and what it lists, rendered where they are. `npm run site` writes the generated pages first.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformerStyleToClass } from '@shikijs/transformers'
import { finishOutput } from '../lib/finish.mjs'
import { anchorOf } from '../lib/links.mjs'
import { renderAsGitHub } from '../lib/markdown.mjs'
import { excludedFiles, GENERATED, readContents, ROOT, sidebarOf, sitePages, unlistedPages } from '../lib/pages.mjs'

const { description, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const address = repository.url.replace(/^git[+]|[.]git$/g, '')
const groups = readContents()
const unlisted = unlistedPages(groups)
if (unlisted.length > 0) throw new Error(`not in docs/README.md: ${unlisted.join(', ')}`)
const pages = sitePages(groups)
const codeColors = transformerStyleToClass({ classPrefix: 'code-' })

/** @type {import('vitepress').UserConfig<import('vitepress').DefaultTheme.Config>} */
export default {
  lang: 'en',
  title: 'reshare',
  description,
  srcDir: ROOT,
  outDir: join(ROOT, 'build/site/dist'),
  cacheDir: join(ROOT, 'build/site/cache'),
  srcExclude: excludedFiles(pages),
  rewrites: Object.fromEntries([...pages].filter(([source]) => source.endsWith('.md'))),
  // Pages do not change when another one does.
  metaChunk: true,
  // It would write a style into the page.
  appearance: { disableTransition: false },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: anchorOf },
    codeTransformers: [codeColors],
    config: (md) => renderAsGitHub(md, { root: ROOT, repository: address, generated: GENERATED, pages }),
  },
  themeConfig: {
    nav: [
      { text: 'Tutorial', link: '/guides/tutorial' },
      { text: 'Security', link: '/security' },
      { text: 'HTTP API', link: '/reference/http-api' },
      { text: 'GitHub', link: address },
    ],
    sidebar: sidebarOf(groups),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    notFound: { title: 'There is no such page', quote: 'The search knows all pages.', linkText: 'About reshare' },
  },
  // The search's index is loaded with the first search.
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  buildEnd: ({ outDir, site }) => finishOutput(outDir, site.base, codeColors.getCSS()),
}
