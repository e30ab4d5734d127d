// @ts-check
// What `node bench/portable/main.mjs PROJECT password` runs: prints the seconds that sealing by a password takes, and the
// longest time in which the event loop has no turn.
import { password } from '../../src/backup/index.ts'
import { usePortableBackend } from '../../src/portable.ts'

Reflect.deleteProperty(globalThis, 'WebAssembly')
usePortableBackend()

let [last, longest] = [Date.now(), 0]
const turns = globalThis.setInterval(() => {
  longest = Math.max(longest, Date.now() - last)
  last = Date.now()
}, 0)
const started = Date.now()
await password('correct horse battery staple').seal(new Uint8Array(300), { walletId: '' })
const took = Date.now() - started
globalThis.clearInterval(turns)
console.log(JSON.stringify({ 'sealing by a password': 1000 * took, 'longest block': 1000 * longest }))
