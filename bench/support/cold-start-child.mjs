// @ts-check
// Imports the file named on the command line and makes a key pair; prints what each part took, in milliseconds.
import { pathToFileURL } from 'node:url'

const url = pathToFileURL(/** @type {string} */ (process.argv[2])).href
// Loaded beforehand, as in any running app.
const random = globalThis.crypto.getRandomValues(new Uint8Array(48))
new TextEncoder().encode('')

const times = [performance.now()]
const { getGroup } = await import(url)
times.push(performance.now())
const group = getGroup('secp256k1')
times.push(performance.now())
group.encodePoint(group.multiplyBase(group.reduce(random)))
times.push(performance.now())

const [start, imported, ready, done] = /** @type {[number, number, number, number]} */ (times)
const parts = { import: imported - start, module: ready - imported, first: done - ready, total: done - start }
process.stdout.write(JSON.stringify(parts))
