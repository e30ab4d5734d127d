import { equalBytes } from '../util/bytes.ts'
import { check, fails, onlyWinner, refusesArguments, type ConformanceCheck } from '../util/conformance.ts'
import type { ShareStore } from './types.ts'

export type { ConformanceCheck } from '../util/conformance.ts'
export type { ShareStore, StoredValue } from './types.ts'

/** Opens a store over the storage named `place`, which is empty at first. The same name opens the same storage. */
export type MakeStore = (place: string) => ShareStore | Promise<ShareStore>

const A = new Uint8Array([0, 1, 2, 255])
const B = new Uint8Array([9])

/** Like a Buffer of Node.js: its `slice` returns a view, not a copy. */
class Sliceless extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end)
  }
}

const ODD_KEYS = [
  '../outside',
  '/absolute',
  'a/b',
  'a\\b',
  'case',
  'CASE',
  '.',
  '..',
  'CON',
  '__proto__',
  'with space\n\0',
  'ключ 🔑',
  'x'.repeat(256),
  '%2e%2e',
]

type Check = readonly [name: string, run: (open: () => Promise<ShareStore>, damage: Damage) => Promise<void>]

/** Damages the stored value of a key. */
type Damage = (key: string) => Promise<void>

const CHECKS: readonly Check[] = [
  [
    'has nothing at first',
    async (open) => {
      const store = await open()
      check((await store.read('a')) === undefined, 'read gave a value')
      same(await store.list(''), [])
    },
  ],
  [
    'gives back what was created, also through another handle',
    async (open) => {
      const version = await (await open()).write('a', A, null)
      for (const store of [await open(), await open()]) await holds(store, 'a', A, version)
    },
  ],
  [
    'copies what it is given and what it gives',
    async (open) => {
      const store = await open()
      const given = new Sliceless(A)
      const version = await store.write('a', given, null)
      given.fill(7)
      ;(await store.read('a'))?.value.fill(7)
      await holds(store, 'a', A, version)
    },
  ],
  [
    'never creates over an existing key',
    async (open) => {
      const store = await open()
      const version = await store.write('a', A, null)
      await fails('STORAGE_CONFLICT', store.write('a', B, null))
      await holds(store, 'a', A, version)
    },
  ],
  [
    'replaces the version that is named, and no other',
    async (open) => {
      const store = await open()
      const first = await store.write('a', A, null)
      const second = await store.write('a', B, first)
      check(first !== second, 'two writes gave the same version')
      await fails('STORAGE_CONFLICT', store.write('a', A, first))
      await fails('STORAGE_CONFLICT', store.write('a', A, 'never given'))
      await fails('STORAGE_CONFLICT', store.write('absent', A, second))
      await holds(store, 'a', B, second)
      check((await store.read('absent')) === undefined, 'a refused write made a key')
    },
  ],
  [
    'gives the same bytes a new version',
    async (open) => {
      const store = await open()
      const first = await store.write('a', A, null)
      const second = await store.write('a', A, first)
      check(first !== second, 'writing the same bytes gave the same version')
    },
  ],
  [
    'deletes, also what is absent, and forgets the versions from before',
    async (open) => {
      const store = await open()
      await store.delete('absent')
      const before = await store.write('a', A, null)
      await store.delete('a')
      await store.delete('a')
      check((await store.read('a')) === undefined, 'a deleted key can be read')
      same(await store.list(''), [])
      await fails('STORAGE_CONFLICT', store.write('a', B, before))
      const after = await store.write('a', B, null)
      check(after !== before, 'a version came back after a delete')
      await fails('STORAGE_CONFLICT', store.write('a', A, before))
      await holds(store, 'a', B, after)
    },
  ],
  [
    'lists by prefix, sorted',
    async (open) => {
      const store = await open()
      for (const key of ['set/2', 'set/10', 'set', 'other', 'sets/1']) await store.write(key, A, null)
      same(await store.list('set/'), ['set/10', 'set/2'])
      same(await store.list('set'), ['set', 'set/10', 'set/2', 'sets/1'])
      same(await store.list(''), ['other', 'set', 'set/10', 'set/2', 'sets/1'])
      same(await store.list('none'), [])
    },
  ],
  [
    'keeps any key apart from any other',
    async (open) => {
      const store = await open()
      for (const [i, key] of ODD_KEYS.entries()) await store.write(key, new Uint8Array([i]), null)
      const again = await open()
      for (const [i, key] of ODD_KEYS.entries()) {
        check((await again.read(key))?.value[0] === i, `wrong value for ${JSON.stringify(key)}`)
      }
      same(await again.list(''), [...ODD_KEYS].sort())
    },
  ],
  [
    'holds empty and large values',
    async (open) => {
      const store = await open()
      const large = new Uint8Array(200_000).map((_, i) => i * 31)
      await holds(store, 'empty', new Uint8Array(0), await store.write('empty', new Uint8Array(0), null))
      await holds(store, 'large', large, await store.write('large', large, null))
    },
  ],
  [
    'lets exactly one of several writers create, and one replace',
    async (open) => {
      const stores = await Promise.all(Array.from({ length: 6 }, open))
      const created = await onlyWinner(
        'STORAGE_CONFLICT',
        stores.map((store, i) => store.write('a', new Uint8Array([i]), null)),
      )
      await holds(await open(), 'a', new Uint8Array([created.index]), created.value)
      const replaced = await onlyWinner(
        'STORAGE_CONFLICT',
        stores.map((store, i) => store.write('a', new Uint8Array([i]), created.value)),
      )
      await holds(await open(), 'a', new Uint8Array([replaced.index]), replaced.value)
    },
  ],
  [
    'refuses wrong arguments and changes nothing',
    async (open) => {
      const store = await open()
      for (const key of ['', 'x'.repeat(257), '\ud800', 7 as unknown as string]) {
        await refusesArguments(store.write(key, A, null))
        await refusesArguments(store.read(key))
        await refusesArguments(store.delete(key))
      }
      await refusesArguments(store.list(undefined as unknown as string))
      await refusesArguments(store.write('a', [1] as unknown as Uint8Array, null))
      await refusesArguments(store.write('a', A, undefined as unknown as null))
      same(await store.list(''), [])
    },
  ],
  [
    'probes without leaving anything behind',
    async (open) => {
      const store = await open()
      const version = await store.write('a', A, null)
      await Promise.all([store.probe(), store.probe()])
      same(await store.list(''), ['a'])
      await holds(store, 'a', A, version)
    },
  ],
]

/** For stores whose medium can be changed from outside. */
const DAMAGE_CHECKS: readonly Check[] = [
  [
    'keeps damage to the key that has it',
    async (open, damage) => {
      const store = await open()
      const version = await store.write('b', B, null)
      for (const key of ['a', 'c']) {
        await store.write(key, A, null)
        await damage(key)
      }
      for (const handle of [store, await open()]) {
        for (const key of ['a', 'c']) await fails('SHARE_PARSING_FAILED', handle.read(key))
        same(await handle.list(''), ['a', 'b', 'c'])
        await holds(handle, 'b', B, version)
      }
      await store.probe()
      await store.write('d', A, null)
    },
  ],
  [
    'takes no damaged value for an absent one, and deletes it when told to',
    async (open, damage) => {
      const store = await open()
      await store.write('a', A, null)
      await damage('a')
      await fails(['SHARE_PARSING_FAILED', 'STORAGE_CONFLICT'], store.write('a', B, null))
      await fails('SHARE_PARSING_FAILED', store.read('a'))
      await store.delete('a')
      check((await store.read('a')) === undefined, 'a deleted key can be read')
      same(await store.list(''), [])
      await holds(store, 'a', B, await store.write('a', B, null))
    },
  ],
]

/**
 * The contract of {@link ShareStore} as checks for any test runner.
 *
 * @param makeStore opens a store over a named storage; each check uses its own name
 * @param damage changes the stored value of a key without the store, as a failing disk does. If it is given, there are also
 *   checks of how the store handles damage
 *
 * @example
 * for (const { name, run } of storeConformance((place) => myStore(place))) test(name, run)
 */
export function storeConformance(
  makeStore: MakeStore,
  damage?: (place: string, key: string) => Promise<void>,
): ConformanceCheck[] {
  return [...CHECKS, ...(damage ? DAMAGE_CHECKS : [])].map(([name, run]) => ({
    name,
    run: () => {
      const place = `conformance-${crypto.randomUUID()}`
      return run(
        async () => makeStore(place),
        async (key) => damage?.(place, key),
      )
    },
  }))
}

function same(actual: readonly string[], expected: readonly string[]): void {
  check(JSON.stringify(actual) === JSON.stringify(expected), `the store lists ${JSON.stringify(actual)}`)
}

async function holds(store: ShareStore, key: string, value: Uint8Array, version: string): Promise<void> {
  const stored = await store.read(key)
  check(stored !== undefined, 'the value is gone')
  check(equalBytes(stored.value, value), 'the value is another one')
  check(stored.version === version, 'the version is another one')
}
