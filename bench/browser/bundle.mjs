// @ts-check
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { arePeersInstalled } from '../support/peers.mjs'

/** The libraries that a browser can have; tiny-secp256k1 wants a bundler that imports wasm as a module. */
const LIBRARIES = ['ox', 'libauth', 'libsodium']

const folder = fileURLToPath(new URL('.', import.meta.url))

/** The page's script, with every library that is installed. @returns {Promise<string>} */
export async function bundlePage() {
  const installed = arePeersInstalled ? LIBRARIES : []
  const imports = installed.map((name) => `import * as ${name} from '../peers/${name}.mjs'`)
  const contents = [`import { run } from './page.mjs'`, ...imports, `await run([${installed.join(', ')}])`]
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
