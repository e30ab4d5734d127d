// @ts-check
// npm run site [-- --serve] [--check] [--base PATH]: docs/ as a site in build/site/dist. --serve shows it on this machine,
// --check tries its links, its search and its pages in Chromium; --base is the path that it will have, such as /reshare/.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openapiPage } from '../site/lib/openapi.mjs'
import { GENERATED } from '../site/lib/pages.mjs'
import { serveSite } from '../site/lib/serve.mjs'

const OUTPUT = 'build/site/dist'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const { values } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    base: { type: 'string', default: '/' },
  },
})
const { serve, check, base } = values
if (!/^\/(?:[\w.-]+\/)*$/.test(base)) {
  console.error(`--base ${base} does not begin and end with a slash`)
  process.exit(1)
}
const started = Date.now()
const installed = 'site/node_modules/.package-lock.json'
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync('site/package-lock.json').mtimeMs) {
  run('npm', 'ci', '--prefix', 'site', '--ignore-scripts', '--no-audit', '--no-fund')
}
writePages()
run(process.execPath, 'site/node_modules/vitepress/bin/vitepress.js', 'build', 'site', '--base', base)
console.log(`${OUTPUT}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
if (check) {
  const { checkSite } = await import('../site/lib/check.mjs')
  process.exitCode = (await checkSite(OUTPUT, base)) ? 0 : 1
}
if (serve) console.log((await serveSite(OUTPUT, base, Number(process.env['PORT'] ?? 0))).url)

/** What is not written by hand. */
function writePages() {
  rmSync(GENERATED, { recursive: true, force: true })
  // What is not documented is found by `npm run check -- reference`.
  const lenient = [
    '--treatWarningsAsErrors',
    'false',
    '--treatValidationWarningsAsErrors',
    'false',
    '--logLevel',
    'Error',
  ]
  run(process.execPath, 'node_modules/typedoc/bin/typedoc', '--out', `${GENERATED}/reference/exports`, ...lenient)
  mkdirSync(join(GENERATED, 'reference'), { recursive: true })
  for (const name of ['openapi-server', 'openapi-custodian']) {
    const text = readFileSync(`docs/reference/${name}.json`, 'utf8')
    const toRoot = '../'.repeat(`${GENERATED}/reference`.split('/').length)
    writeFileSync(join(GENERATED, `reference/${name}.json`), text)
    writeFileSync(join(GENERATED, `reference/${name}.md`), openapiPage(JSON.parse(text), `${name}.json`, toRoot))
  }
}

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`${[command, ...args].join(' ')} failed${error ? `: ${error.message}` : ''}`)
    process.exit(1)
  }
}
