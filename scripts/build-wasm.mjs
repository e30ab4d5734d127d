// @ts-check
// Builds build/core.wasm from assembly/, and src/wasm/generated.ts, which inlines it for every bundler. The source that
// inlines the module of Argon2 is written too. The generated sources of assembly/ are written first.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { compileWasm, runGenerators, writeArgon2Source } from './compile-wasm.mjs'
import { packWasm } from './pack-wasm.mjs'
import { stampOf } from './stamp-wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
mkdirSync('build', { recursive: true })

runGenerators()
const wasm = await compileWasm('build/core.wasm')
const unpack = await compileWasm('build/unpack.wasm', 'unpack')
writeFileSync(
  'src/wasm/generated.ts',
  `// The WebAssembly module of assembly/ as text (text.ts), and the one that unpacks it. Made by scripts/build-wasm.mjs.
/** In base64. */
export const UNPACK: string = '${unpack.toString('base64')}'
/** SHA-256 of the module. */
export const STAMP: string = '${stampOf(wasm)}'
/** Length of the module in bytes. */
export const LENGTH: number = ${wasm.length}
export const TEXT: string =
  '${packWasm(wasm)}'
`,
)
await writeArgon2Source()
const brotli = brotliCompressSync(wasm).length
console.log(`build/core.wasm: ${wasm.length} bytes, ${brotli} brotli`)
