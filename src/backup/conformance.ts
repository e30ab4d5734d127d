import { equalBytes, toHex } from '../util/bytes.ts'
import { check, fails, onlyWinner, type ConformanceCheck } from '../util/conformance.ts'
import { platformRandom } from '../util/platform-random.ts'
import type { CloudKeyStorage } from './methods/cloud-storage.ts'

export type { ConformanceCheck } from '../util/conformance.ts'
export type { CloudKeyCallOptions, CloudKeyStorage } from './methods/cloud-storage.ts'

/** Gives a storage of the account called `place`: the same account each time that name is given. */
export type MakeCloudKeyStorage = (place: string) => CloudKeyStorage | Promise<CloudKeyStorage>

const A = new Uint8Array([0, 1, 2, 255])
const B = new Uint8Array([9])

/** As Node's Buffer: a slice of it is a view, not a copy. */
class Sliceless extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end)
  }
}

const CHECKS: readonly (readonly [name: string, run: (open: () => Promise<CloudKeyStorage>) => Promise<void>])[] = [
  [
    'has nothing under a fresh id',
    async (open) => {
      const storage = await open()
      check((await storage.read(newId())) === undefined, 'read gave bytes')
      check((await storage.read(newId())) === undefined, 'read gave bytes the second time')
    },
  ],
  [
    'gives back what was written, also through another handle',
    async (open) => {
      const id = newId()
      await (await open()).write(id, A)
      for (const storage of [await open(), await open()]) await holds(storage, id, A)
    },
  ],
  [
    'copies what it is given and what it gives',
    async (open) => {
      const storage = await open()
      const id = newId()
      const given = new Sliceless(A)
      await storage.write(id, given)
      given.fill(7)
      ;(await storage.read(id))?.fill(7)
      await holds(storage, id, A)
    },
  ],
  [
    'never overwrites',
    async (open) => {
      const id = newId()
      await (await open()).write(id, A)
      for (const storage of [await open(), await open()]) await fails('STORAGE_CONFLICT', storage.write(id, B))
      await holds(await open(), id, A)
    },
  ],
  [
    'lets exactly one of several writers win',
    async (open) => {
      const id = newId()
      const storages = await Promise.all(Array.from({ length: 6 }, open))
      const { index } = await onlyWinner(
        'STORAGE_CONFLICT',
        storages.map((storage, i) => storage.write(id, new Uint8Array([i]))),
      )
      await holds(await open(), id, new Uint8Array([index]))
    },
  ],
  [
    'keeps any id apart from any other',
    async (open) => {
      const storage = await open()
      const id = newId()
      // They differ in their first digit, or in their last one, alone.
      const ids = [id, otherDigit(id.slice(0, 1)) + id.slice(1), id.slice(0, -1) + otherDigit(id.slice(-1))]
      for (const [i, each] of ids.entries()) await storage.write(each, new Uint8Array([i]))
      for (const [i, each] of ids.entries()) await holds(storage, each, new Uint8Array([i]))
    },
  ],
  [
    'holds keys of any length that a method makes',
    async (open) => {
      const storage = await open()
      for (const length of [1, 74, 4096]) {
        const id = newId()
        const key = new Uint8Array(length).map((_, i) => i * 31)
        await storage.write(id, key)
        await holds(await open(), id, key)
      }
    },
  ],
  [
    'deletes one key, and what is absent',
    async (open) => {
      const storage = await open()
      const [gone, kept] = [newId(), newId()]
      await storage.delete(gone)
      await storage.write(gone, A)
      await storage.write(kept, B)
      await storage.delete(gone)
      await storage.delete(gone)
      check((await storage.read(gone)) === undefined, 'a deleted key can be read')
      await holds(storage, kept, B)
    },
  ],
  [
    'probes again and again, at the same time too, without touching a key',
    async (open) => {
      const storage = await open()
      const id = newId()
      await storage.write(id, A)
      await Promise.all([storage.probe(), (await open()).probe()])
      await storage.probe()
      await holds(storage, id, A)
    },
  ],
]

/**
 * The contract of {@link CloudKeyStorage} as checks for any test runner.
 *
 * @param makeStorage opens a storage over a named account; each check uses a name and ids of its own, and leaves its
 * keys there
 * @example
 * for (const { name, run } of cloudKeyConformance((place) => myDrive(place))) test(name, run)
 */
export function cloudKeyConformance(makeStorage: MakeCloudKeyStorage): ConformanceCheck[] {
  return CHECKS.map(([name, run]) => ({
    name,
    run: () => {
      const place = `conformance-${crypto.randomUUID()}`
      return run(async () => makeStorage(place))
    },
  }))
}

function newId(): string {
  return toHex(platformRandom(16))
}

function otherDigit(digit: string): string {
  return ((parseInt(digit, 16) + 1) % 16).toString(16)
}

async function holds(storage: CloudKeyStorage, id: string, key: Uint8Array): Promise<void> {
  const stored = await storage.read(id)
  check(stored !== undefined, 'the key is gone')
  check(equalBytes(stored, key), 'the key is another one')
}
