// One process of the tests in file-faults.node.test.ts: `file-fill <directory>` writes until nothing fits.
import { readdirSync } from 'node:fs'
import { fileStore } from '../../src/storage/file.ts'

const [directory = ''] = process.argv.slice(2)
const store = fileStore(directory)
const refusals: string[] = []
let writes = 0
let size = 1000
let value = new Uint8Array(size).fill(1)
let version = await store.write('a', value, null)

while (refusals.length < 4) {
  const next = new Uint8Array(size).fill(writes)
  try {
    version = await store.write('a', next, version)
    value = next
    writes++
    size *= 2
  } catch (error) {
    refusals.push((error as { code?: string }).code ?? String(error))
    const stored = await store.read('a')
    if (stored?.version !== version || Buffer.compare(stored.value, value) !== 0) throw new Error('the value is gone')
    size = 500
  }
}
const leftovers = readdirSync(directory).filter((name) => !name.endsWith('.share')).length
process.stdout.write(JSON.stringify({ refusals, writes, leftovers }))
