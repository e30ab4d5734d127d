import { webcrypto } from 'node:crypto'
import { createContext, runInContext } from 'node:vm'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import type * as Backup from '../../src/backup/index.ts'
import type * as PostQuantum from '../../src/backup/post-quantum.ts'
import type * as SomeOf from '../../src/backup/some-of/index.ts'

// Backups where parts of the platform are missing, as in React Native. The package runs in a context that has nothing but
// what ECMAScript has, and what it is given.

/** What a runtime must have, or get by a polyfill. */
const NEEDED = {
  crypto: { getRandomValues: webcrypto.getRandomValues.bind(webcrypto) },
  setTimeout,
  clearTimeout,
  AbortController,
}

/** What it may have besides. */
const OPTIONAL = {
  TextEncoder,
  TextDecoder,
  crypto: webcrypto,
  CryptoKey: webcrypto.CryptoKey,
  Response,
  ReadableStream,
  TransformStream,
  DOMException,
  AbortSignal,
  structuredClone,
  atob,
  btoa,
  performance,
  queueMicrotask,
}

/** What ECMAScript has, and Hermes has not. */
const REMOVABLE = ['WebAssembly', 'Intl', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry', 'WeakRef']

const { outputFiles } = await build({
  stdin: {
    contents: `
      export * from './src/backup/index.ts'
      export * from './src/backup/some-of/index.ts'
      export * from './src/backup/post-quantum.ts'`,
    resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
  },
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'reshare',
  platform: 'browser',
  target: 'es2020',
})
const program = outputFiles[0]!.text

type Package = typeof Backup & typeof SomeOf & typeof PostQuantum

/** The package in a runtime of its own. */
function runtime(globals: object, removed: readonly string[] = []): Package {
  const context = createContext({ ...globals })
  for (const name of removed) runInContext(`delete globalThis.${name}`, context)
  runInContext(program, context)
  return runInContext('reshare', context) as Package
}

const without = (name: string) => {
  const rest = Object.fromEntries(Object.entries(OPTIONAL).filter(([key]) => key !== name))
  return runtime({ ...NEEDED, ...rest }, REMOVABLE.includes(name) ? [name] : [])
}

const bare = () => runtime(NEEDED, REMOVABLE)
const full = runtime({ ...NEEDED, ...OPTIONAL })

const EVERYTHING = 'all of these'
const GAPS = [...Object.keys(OPTIONAL), ...REMOVABLE]
const RUNTIMES: [string, () => Package][] = [
  ...GAPS.map((name): [string, () => Package] => [name, () => without(name)]),
  [EVERYTHING, bare],
]

const record = () => ({
  walletId: '5ca1ab1e'.repeat(4),
  setId: '00112233'.repeat(8),
  createdAt: 1_893_456_000_123,
  payload: Uint8Array.from({ length: 700 }, (_, i) => i * 7),
})

/** A record of another realm as one of this realm. */
const plain = (of: Backup.BackupRecord) => ({ ...of, payload: Uint8Array.from(of.payload) })

const identity = (await full.createAgeKey()).identity
const hybridIdentity = (await full.createAgeKey({ kind: full.hybrid })).identity
const cloud = full.memoryCloudKey()

/** Each method, made in a runtime, with keys that all of them share. */
const METHODS: Record<string, (own: Package) => Backup.BackupKeys> = {
  password: (own) => own.password('pässword', { insecureTestCost: { memoryKiB: 64, passes: 1 } }),
  passkey: (own) => own.passkey({ evaluatePrf: ({ first, second }) => ({ first: prf(first), second: prf(second!) }) }),
  'cloud key': (own) => own.cloudKey({ provider: 'GDRIVE', storage: cloud }),
  'age key': (own) => own.custom({ identities: [identity] }),
  'hybrid cloud key': (own) => own.cloudKey({ provider: 'ICLOUD', storage: cloud, kind: own.hybrid }),
  'hybrid age key': (own) => own.custom({ identities: [hybridIdentity], kind: own.hybrid }),
  '2 of 2': (own) =>
    own.someOf(2, [
      own.custom({ identities: [identity] }),
      own.password('p', { insecureTestCost: { memoryKiB: 8, passes: 1 } }),
    ]),
}

const prf = (input: Uint8Array) => Uint8Array.from({ length: 32 }, (_, i) => (input[i % input.length] as number) + i)

const all = Object.entries(METHODS)

describe.each(RUNTIMES)('without %s', (name, make) => {
  const own = make()

  test.each(name === EVERYTHING ? all : all.slice(0, 4))('a %s seals and opens, here and there', async (_, method) => {
    const sealed = await own.sealBackup({ record: record(), methods: [method(own)] })
    expect(plain(await full.openBackup({ cipherText: sealed, methods: [method(full)] }))).toEqual(record())
    const cipherText = await full.sealBackup({ record: record(), methods: [method(full)] })
    expect(plain(await own.openBackup({ cipherText, methods: [method(own)] }))).toEqual(record())
  })
})

test('without a random source, sealing says what is missing; opening needs none', async () => {
  const { crypto: _, ...rest } = NEEDED
  const own = runtime(rest, REMOVABLE)
  const method = METHODS['age key']!
  await expect(own.sealBackup({ record: record(), methods: [method(own)] })).rejects.toMatchObject({
    name: 'TypeError',
    message: 'crypto.getRandomValues is missing: import a polyfill before reshare',
  })
  const cipherText = await full.sealBackup({ record: record(), methods: [method(full)] })
  expect((await own.openBackup({ cipherText, methods: [method(own)] })).walletId).toBe(record().walletId)
})

test('a wrong password and a damaged file are told apart in a bare runtime', async () => {
  const own = bare()
  const cipherText = await full.sealBackup({ record: record(), methods: [METHODS.password!(full)] })
  const wrong = own.password('other', { insecureTestCost: { memoryKiB: 64, passes: 1 } })
  await expect(own.openBackup({ cipherText, methods: [wrong] })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
  const damaged = cipherText.replace(/.{4}(?=\n-----END)/, 'AAAA')
  await expect(own.openBackup({ cipherText: damaged, methods: [wrong] })).rejects.toMatchObject({
    code: 'BACKUP_CORRUPT',
  })
})

test('in a bare runtime the derivation of a key reports, yields and stops on abort', async () => {
  const own = bare()
  const controller = new AbortController()
  const reports: number[] = []
  const options = { insecureTestCost: { memoryKiB: 2048, passes: 2 } }
  const method = own.password('p', options)
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const onProgress = (fraction: number) => {
    reports.push(fraction)
    if (fraction > 0.5) controller.abort()
  }
  const work = method.seal(record().payload, { walletId: record().walletId, onProgress, signal: controller.signal })
  await expect(work).rejects.toMatchObject({ code: 'ABORTED' })
  clearInterval(timer)
  expect(reports.length).toBeGreaterThan(10)
  expect(reports.at(-1)).toBeLessThan(1)
  expect(turns).toBeGreaterThan(0)
})
