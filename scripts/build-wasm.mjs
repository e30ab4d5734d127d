// @ts-check
// Builds build/core.wasm from assembly/, and src/wasm/generated.ts, which inlines it for every bundler. The module of Argon2 is
// so small that what inlines it is committed. The generated sources of assembly/ are written first.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { compileWasm, runGenerators } from './compile-wasm.mjs'
import { packWasm } from './pack-wasm.mjs'
import { stampOf } from './stamp-wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
mkdirSync('build', { recursive: true })

runGenerators()
const wasm = await compileWasm('build/core.wasm')
const { alphabet, common, text } = packWasm(wasm)
const unpack = await compileWasm('build/unpack.wasm', 'unpack')
writeFileSync(
  'src/wasm/generated.ts',
  `// The WebAssembly module of assembly/ as text (text.ts), and the one that unpacks it. Made by scripts/build-wasm.mjs.
export const UNPACK: readonly number[] = [${[...unpack].join()}]
export const ALPHABET = '${alphabet}'
export const COMMON: readonly number[] = [${common.join()}]
/** SHA-256 of the module. */
export const STAMP: string = '${stampOf(wasm)}'
export const TEXT: string =
  '${text}'
`,
)
const argon2 = await compileWasm('build/argon2.wasm', 'argon2')
writeFileSync(
  'src/backup/methods/argon2-module.gen.ts',
  `// The WebAssembly module of assembly/argon2 in base64. Made by scripts/build-wasm.mjs.
export const ARGON2_MODULE =
  '${argon2.toString('base64')}'
`,
)
const brotli = brotliCompressSync(wasm).length
console.log(`build/core.wasm: ${wasm.length} bytes, ${brotli} brotli`)
