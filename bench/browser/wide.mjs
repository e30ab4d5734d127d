// @ts-check
// What 64-by-64-bit products of WebAssembly (the wide-arithmetic proposal) would give the field of secp256k1: a product of four limbs
// of 64 bits against one and two at once of the module's. `node bench/browser/wide.mjs` serves a page that measures and prints where it
// is opened; engines that have the proposal behind a switch want that: Chromium --js-flags=--wasm-staging, Firefox
// javascript.options.wasm_wide_arithmetic.
import { createServer } from 'node:http'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import binaryen from 'binaryen'

const root = fileURLToPath(new URL('../../', import.meta.url))
const PORT = 8790

/** Both of the module's products in a loop; the operands stay in its own form. */
const ENTRY = `
import { multiplyPair, multiplySingle } from '../../assembly/field/secp256k1.gen'
const A = memory.data(256, 16)
const B = memory.data(256, 16)
export function fill(): void {
  for (let i: usize = 0; i < 160; i += 4) { store<u32>(A + i, 0x1234567 + <u32>i * 977); store<u32>(B + i, 0x1876543 - <u32>i * 331) }
}
export function single(n: i32): void { for (let i = 0; i < n; i++) multiplySingle(A, A, B) }
export function pair(n: i32): void { for (let i = 0; i < n; i++) multiplyPair(A, A, B) }
`

const get = (/** @type {string} */ name) => `(local.get $${name})`
/** (lo, hi) += (word, 0) @param {string} word */
const plus = (word) => `${get('lo')} ${get('hi')} ${word} (i64.const 0) i64.add128 (local.set $hi) (local.set $lo)`
/** @param {string} a @param {string} b */
const times = (a, b) => `${a} ${b} i64.mul_wide_u (local.set $hi) (local.set $lo)`
const FOLD = '(i64.const 0x1000003d1)'

/** a = a·b modulo 2^256 − 2^32 − 977, below 2^256. */
function product() {
  const lines = []
  for (let i = 0; i < 8; i++) lines.push(`(local.set $r${i} (i64.const 0))`)
  for (let i = 0; i < 4; i++) {
    lines.push('(local.set $c (i64.const 0))')
    for (let j = 0; j < 4; j++) {
      lines.push(times(get(`a${i}`), get(`b${j}`)), plus(get(`r${i + j}`)), plus(get('c')))
      lines.push(`(local.set $r${i + j} ${get('lo')}) (local.set $c ${get('hi')})`)
    }
    lines.push(`(local.set $r${i + 4} ${get('c')})`)
  }
  lines.push('(local.set $c (i64.const 0))')
  for (let i = 0; i < 4; i++) {
    lines.push(times(get(`r${i + 4}`), FOLD), plus(get(`r${i}`)), plus(get('c')))
    lines.push(`(local.set $r${i} ${get('lo')}) (local.set $c ${get('hi')})`)
  }
  // What is left over is below 2^34; then at most one.
  for (let round = 0; round < 2; round++) {
    lines.push(times(get('c'), FOLD))
    for (let i = 0; i < 4; i++) {
      lines.push(
        plus(get(`r${i}`)),
        `(local.set $r${i} ${get('lo')}) (local.set $lo ${get('hi')}) (local.set $hi (i64.const 0))`,
      )
    }
    lines.push(`(local.set $c ${get('lo')})`)
  }
  for (let i = 0; i < 4; i++) lines.push(`(local.set $a${i} (local.get $r${i}))`)
  return lines.join('\n')
}

const names = [
  'lo',
  'hi',
  'c',
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `r${i}`),
  ...[0, 1, 2, 3].flatMap((i) => [`a${i}`, `b${i}`]),
]
const WIDE = `(module (memory (export "memory") 1) (func (export "wide") (param $n i32)
${names.map((name) => `(local $${name} i64)`).join(' ')}
${[0, 1, 2, 3].map((i) => `(local.set $a${i} (i64.load offset=${8 * i} (i32.const 0))) (local.set $b${i} (i64.load offset=${8 * i} (i32.const 32)))`).join('\n')}
(loop $next ${product()}
  (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
${[0, 1, 2, 3].map((i) => `(i64.store offset=${8 * i} (i32.const 0) (local.get $a${i}))`).join('\n')}))`

async function build() {
  mkdirSync(`${root}build/bench`, { recursive: true })
  writeFileSync(`${root}build/bench/field.ts`, ENTRY)
  const options = ['--config', 'asconfig.json', '--target', 'release', '--outFile', 'build/bench/field.wasm']
  const { error, stderr } = await asc.main(['build/bench/field.ts', '--baseDir', root, ...options])
  if (error) throw new Error(stderr.toString())
  const wide = binaryen.parseText(WIDE)
  wide.setFeatures(binaryen.Features.All)
  if (!wide.validate()) throw new Error('the wide module is none')
  return { field: readFileSync(`${root}build/bench/field.wasm`), wide: Buffer.from(wide.emitBinary()) }
}

/** Runs in the page: checks the wide product with big integers, and measures in turns. */
async function measure() {
  const load = async (/** @type {string} */ name) =>
    (await WebAssembly.instantiateStreaming(fetch(`/${name}.wasm`))).instance.exports
  const field = /** @type {any} */ (await load('field'))
  const wide = /** @type {any} */ (await load('wide'))
  const words = new BigUint64Array(wide.memory.buffer, 0, 8)
  const p = 2n ** 256n - 2n ** 32n - 977n
  const number = (/** @type {number} */ at) =>
    [3, 2, 1, 0].reduce((sum, i) => (sum << 64n) | /** @type {bigint} */ (words[at + i]), 0n)
  for (let run = 0; run < 1000; run++) {
    crypto.getRandomValues(new Uint8Array(wide.memory.buffer, 0, 64))
    if (run % 5 === 0) words.fill(2n ** 64n - 1n)
    const expected = (number(0) * number(4)) % p
    wide.wide(1)
    if (number(0) % p !== expected) throw new Error('a wrong product')
  }
  field.fill()
  const N = 200_000
  /** @type {Record<string, number[]>} */
  const times = { single: [], pair: [], wide: [] }
  for (let round = 0; round < 40; round++) {
    for (const [name, list] of Object.entries(times)) {
      const start = performance.now()
      ;(name === 'wide' ? wide : field)[name](N)
      list.push((1e6 * (performance.now() - start)) / N / (name === 'pair' ? 2 : 1))
    }
  }
  const median = (/** @type {number[]} */ list) => [...list].sort((a, b) => a - b)[list.length >> 1]
  return Object.entries(times)
    .map(([name, list]) => `${name} ${median(list)?.toFixed(1)} ns`)
    .join(', ')
}

const modules = await build()
const page = `<body><script>(${measure})().catch(String).then((text) => { document.body.textContent = text
fetch('/done', { method: 'POST', body: text }) })</script></body>`
const server = createServer((request, response) => {
  const name = /^\/(field|wide)\.wasm$/.exec(request.url ?? '')?.[1]
  response.setHeader('content-type', name ? 'application/wasm' : 'text/html')
  if (request.url === '/done') {
    request.on('data', (text) => console.log(String(text), request.headers['user-agent']))
    request.on('end', () => response.end())
  } else response.end(name ? modules[/** @type {'field' | 'wide'} */ (name)] : page)
})
server.listen(PORT, () => console.log(`http://127.0.0.1:${PORT}/`))
