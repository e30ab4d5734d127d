// @ts-check
// What Metro bundles with the configuration and the Babel preset of React Native, run in Node.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { quietly, versionOf } from '../support/built.mjs'
import { ran } from '../support/context.mjs'

/** React Native itself is not installed: what it runs before the app is left out. The app's own files end in .mjs here. */
const BUILD = `import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { getDefaultConfig } from '@react-native/metro-config'
import { resolve } from 'node:path'

const { runBuild } = createRequire(import.meta.url)('metro')
const config = await getDefaultConfig(resolve('.'))
const reporter = {
  update({ type, error, data }) {
    if (/fail|error|warn/.test(type) || error) console.log(type, error?.message ?? data ?? '')
  },
}
mkdirSync('dist')
await runBuild(
  {
    ...config,
    watchFolders: [resolve('..')],
    resolver: { ...config.resolver, sourceExts: [...config.resolver.sourceExts, 'mjs'], useWatchman: false },
    serializer: { ...config.serializer, getModulesRunBeforeMainModule: () => [], getPolyfills: () => [] },
    cacheStores: [],
    maxWorkers: 1,
    reporter,
  },
  { entry: 'index.js', platform: process.argv[2], dev: false, minify: true, out: resolve('dist/main.js') },
)
process.exit()
`

const FILES = {
  'build.mjs': BUILD,
  'index.js': "import { runApp } from './story/app.mjs'\n\nglobalThis.runApp = runApp\n",
  'babel.config.cjs': "module.exports = { presets: ['module:@react-native/babel-preset'] }\n",
  'run.cjs': `require('./dist/main.js')
const [url, token] = process.argv.slice(2)
globalThis.runApp({ url, token }).then((result) => console.log(JSON.stringify(result)))
`,
}

export const name = 'metro'
export const what = 'Metro, as React Native configures it; the bundle in Node'
export const group = 'bundlers'
export const version = versionOf('metro')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = context.folder(name, FILES)
  const program = quietly(context, folder)
  await program('./build.mjs', 'ios')
  const bytes = gzipSync(readFileSync(join(folder, 'dist/main.js'))).length
  const result = await context.run(process.execPath, ['run.cjs', context.url, await context.token()], { cwd: folder })
  return ran(JSON.parse(result), `in ${(bytes / 1000).toFixed(0)} KB of gzip`)
}
