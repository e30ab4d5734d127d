// One process of the tests in file.node.test.ts: `file-writer <directory> <what>`.
import { claimVersion } from '../../src/storage/file/claim.ts'
import { temporaryFor, writeNew } from '../../src/storage/file/durable.ts'
import { fileStore } from '../../src/storage/file.ts'

const [directory = '', what = '', ...rest] = process.argv.slice(2)
const store = fileStore(directory)

if (what === 'count') {
  for (let done = 0; done < Number(rest[0]);) {
    const stored = await store.read('counter')
    const next = new Uint8Array(new Uint32Array([(stored ? count(stored.value) : 0) + 1]).buffer)
    try {
      await store.write('counter', next, stored?.version ?? null)
      done++
    } catch (error) {
      if ((error as { code?: string }).code !== 'STORAGE_CONFLICT') throw error
    }
  }
} else if (what === 'hold') {
  const [path = '', version = ''] = rest
  await claimVersion(path, version)
  await writeNew(temporaryFor(path), new Uint8Array([1, 2, 3]))
  process.stdout.write('held\n')
  setInterval(() => {}, 1000)
} else if (what === 'write') {
  process.stdout.write('ready\n')
  for (let i = 0; ; i++) {
    const stored = await store.read('spinning')
    await store.write('spinning', new Uint8Array(50_000).fill(i), stored?.version ?? null)
  }
}

function count(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getUint32(0, true)
}
