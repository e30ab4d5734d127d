// @ts-check
// Imports the file named on the command line and makes a key pair, or compiles and instantiates it if it is a bare module;
// prints what each part took, in milliseconds.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const file = /** @type {string} */ (process.argv[2])
// Loaded beforehand, as in any running app.
const random = globalThis.crypto.getRandomValues(new Uint8Array(48))
new TextEncoder().encode('')
const parts = file.endsWith('.wasm') ? startBare(readFileSync(file)) : await startPackage(pathToFileURL(file).href)
process.stdout.write(JSON.stringify(parts))

/** @param {Uint8Array<ArrayBuffer>} bytes */
function startBare(bytes) {
  const start = performance.now()
  new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const total = performance.now() - start
  return { import: 0, module: total, first: 0, total }
}

/** @param {string} url */
async function startPackage(url) {
  const start = performance.now()
  const { getGroup } = await import(url)
  const imported = performance.now()
  if (getGroup === undefined) return { import: imported - start, module: 0, first: 0, total: imported - start }
  const group = getGroup('secp256k1')
  const ready = performance.now()
  group.encodePoint(group.multiplyBase(group.reduce(random)))
  const done = performance.now()
  return { import: imported - start, module: ready - imported, first: done - ready, total: done - start }
}
