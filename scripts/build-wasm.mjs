// Builds build/core.wasm from assembly/, and src/wasm/generated.ts, which inlines it for every bundler. The generated
// sources of assembly/ are written first.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import './generate-constants.mjs'
import './generate-field.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
mkdirSync('build', { recursive: true })

const { error, stdout, stderr } = await asc.main([
  'assembly/index.ts',
  '--config',
  'asconfig.json',
  '--target',
  'release',
])
process.stdout.write(stdout.toString())
process.stderr.write(stderr.toString())
if (error) process.exit(1)

const wasm = readFileSync('build/core.wasm')
writeFileSync(
  'src/wasm/generated.ts',
  `/** The WebAssembly module of assembly/, in hex, which compresses better than base64. Made by scripts/build-wasm.mjs. */\nexport const WASM_HEX =\n  '${wasm.toString('hex')}'\n`,
)
const brotli = brotliCompressSync(wasm).length
console.log(`build/core.wasm: ${wasm.length} bytes, ${brotli} brotli`)
