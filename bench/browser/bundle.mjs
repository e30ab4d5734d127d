// @ts-check
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The libraries that a browser can have; tiny-secp256k1 wants a bundler that imports wasm as a module. */
const LIBRARIES = /** @type {const} */ ([
  ['ox', 'ox'],
  ['libauth', '@bitauth/libauth'],
  ['libsodium', 'libsodium-wrappers-sumo'],
])

const folder = fileURLToPath(new URL('.', import.meta.url))
const peers = createRequire(new URL('../peers/package.json', import.meta.url))

/** The page's script, with every library that is installed. @returns {Promise<string>} */
export async function bundlePage() {
  const installed = LIBRARIES.filter(([, name]) => isInstalled(name))
  const imports = installed.map(([file]) => `import * as ${file} from '../peers/${file}.mjs'`)
  const contents = [
    `import { run } from './page.mjs'`,
    ...imports,
    `await run([${installed.map(([file]) => file).join(', ')}])`,
  ]
  const { outputFiles } = await build({
    stdin: { contents: contents.join('\n'), resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

/** @param {string} name */
function isInstalled(name) {
  try {
    return peers.resolve(name) !== ''
  } catch {
    return false
  }
}
