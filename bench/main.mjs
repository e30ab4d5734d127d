// @ts-check
// npm run bench: prints the tables and writes bench/results.json. Only ratios within one run mean much.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import * as flows from './groups/flows.mjs'
import * as protocols from './groups/protocols.mjs'

const groups = { protocols, flows }
/** @type {Record<string, unknown>} */
const results = { node: process.version, processor: cpus()[0]?.model ?? 'unknown' }
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`)
for (const [name, group] of Object.entries(groups)) {
  const rows = await group.run()
  results[name] = rows
  console.log(`${group.print(/** @type {any} */ (rows))}\n`)
}
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
