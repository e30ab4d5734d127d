import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import * as reshare from '../../src/index.ts'
import * as exported from '../../src/export.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import type { ShareStore } from '../../src/storage/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { stage } from '../client/support/devices.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { seededRandom } from '../support/random.ts'
import { HOSTILE, isOfTheEngine, pick, THROWN, type Hostile } from './support/hostile.ts'

type AnyFunction = (...args: unknown[]) => unknown

/** How many random calls of each function; more by RESHARE_FUZZ_ROUNDS. */
const ROUNDS = Number(process.env['RESHARE_FUZZ_ROUNDS'] ?? 20)

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string }>>
}

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest
/** Files without functions are left out, and `./server/program`: it starts a server, and sets the exit code of the process. */
const ENTRIES = Object.keys(manifest.exports).filter(
  (entry) => !['./package.json', './core.wasm', './server/program'].includes(entry),
)

/**
 * Functions of `reshare/protocol` that take what its other functions made (groups, shares, sessions), by their type: they
 * end too, in an error of some kind.
 */
const GIVEN_THEIR_OWN = new Set([
  ...[
    'aggregateShares',
    'bindOtState',
    'createEcdsaSigning',
    'createImport',
    'createKeygen',
    'createOtSetup',
    'createPresigning',
  ],
  ...['createReshare', 'createSigning', 'derivePath', 'deriveShare', 'encodeDerivedKey', 'encodeEnvelope'],
  ...['encodeExtendedPublicKey', 'encodeKeyShare', 'encodeShareSetRecord', 'encodeSignature', 'fingerprint'],
  ...['formatPath', 'frostSuite', 'generateReceiver', 'newChallenge', 'runSteps', 'proveExport', 'provePossession'],
  ...[
    'receiveShare',
    'recombineKey',
    'releaseShare',
    'restoreImport',
    'restoreKeygen',
    'restoreOtSetup',
    'restoreReshare',
  ],
  ...['taprootOutputKey', 'validateKeyShare', 'verifyPossession', 'wipeKeyShare', 'decodeExtendedPublicKey'],
])

/** Values that are no wrong argument of a function, and that it would act on. */
const ACTS_ON: Readonly<Record<string, (value: unknown) => boolean>> = {
  pgliteDatabase: (value) => value === undefined || typeof value === 'string',
}

/** What a call came to: undefined where it ended as it may. */
async function fault(call: () => unknown): Promise<string | undefined> {
  let error: unknown
  try {
    await call()
    return undefined
  } catch (caught) {
    error = caught
  }
  if (error === THROWN) return undefined
  const { name, message } = error as Error
  if (name === 'MpcError' || name === 'ProtocolError' || name === 'CodecError') return undefined
  const aboutArguments = name === 'TypeError' || name === 'RangeError'
  return aboutArguments && !isOfTheEngine(message) ? undefined : `${name}: ${message}`
}

const polluted = () => ({}) as { polluted?: unknown }

describe.each(ENTRIES)('%s with values of the wrong nature', (entry) => {
  const source = manifest.exports[entry]!.default.replace('./dist/', '../../src/').replace(/js$/, 'ts')
  let functions: [string, AnyFunction][]

  beforeAll(async () => {
    const module = (await import(/* @vite-ignore */ source)) as Record<string, unknown>
    const isClass = (name: string) => /^[A-Z]/.test(name)
    functions = Object.entries(module).filter(
      (one): one is [string, AnyFunction] => typeof one[1] === 'function' && !isClass(one[0]),
    )
  })

  test('every function says what is wrong, or does it', { timeout: 60_000 + 1000 * ROUNDS }, async () => {
    const random = seededRandom(entry)
    const faults: string[] = []
    for (const [name, run] of functions) {
      const uniform = HOSTILE.map((value): readonly Hostile[] => [value, value, value])
      const mixed = Array.from({ length: ROUNDS }, () => [pick(random), pick(random), pick(random)])
      for (const values of [...uniform, ...mixed]) {
        const args = values.map(([, make]) => make())
        if (ACTS_ON[name]?.(args[0])) continue
        const found = await fault(() => run(...args))
        if (found === undefined || GIVEN_THEIR_OWN.has(name)) continue
        faults.push(`${name}(${values.map(([what]) => what).join(', ')}): ${found}`)
      }
    }
    expect(faults).toEqual([])
    expect(polluted().polluted).toBe(undefined)
  })
})

describe('an action of the client with one wrong value', () => {
  const method = plainMethod()

  /** Every row of a store, to see a change. */
  async function rows(store: ShareStore): Promise<string[]> {
    const keys = await store.list('')
    return Promise.all(
      keys.map(async (key) => {
        const stored = await store.read(key)
        return `${key} ${stored?.version} ${stored && toHex(stored.value)}`
      }),
    )
  }

  async function world() {
    const { server, device } = stage()
    const storage = memoryStore()
    const client = device('phone', { storage })
    const { id: walletId, setId } = await reshare.generateWallet(client)
    const { cipherText } = await reshare.backupWallet(client, { walletId, method })
    return { server, storage, client, walletId, setId, cipherText }
  }

  type World = Awaited<ReturnType<typeof world>>

  /** Good parameters, each field of which is made wrong in turn; what is optional is given too. */
  const GOOD: Readonly<Record<string, (world: World) => Record<string, unknown>>> = {
    generateWallet: () => ({ onProgress: () => undefined }),
    backupWallet: ({ walletId }) => ({ walletId, method, onProgress: () => undefined }),
    confirmBackup: ({ walletId, cipherText }) => ({ walletId, cipherText, setId: '00'.repeat(32) }),
    recoverWallet: ({ cipherText, walletId }) => ({
      ...{ cipherText, walletId, method, existingSets: 'keep', rotateBackup: false, dryRun: true },
      onProgress: () => undefined,
      publicKeys: {},
    }),
    provisionWallet: ({ cipherText }) => ({ cipherText, method, onProgress: () => undefined }),
    refreshShares: ({ walletId }) => ({ walletId, onProgress: () => undefined }),
    sign: ({ walletId }) => ({ walletId, scheme: 'ecdsa', message: new Uint8Array(1), hash: 'sha256', path: 'm' }),
    signAll: ({ walletId }) => ({ walletId, items: [{ scheme: 'ed25519', message: new Uint8Array(1) }] }),
    preprocessSignatures: ({ walletId }) => ({ walletId, count: 1 }),
    getPublicKey: ({ walletId }) => ({ walletId, curve: 'secp256k1', path: 'm' }),
    getExtendedPublicKey: ({ walletId }) => ({ walletId, path: 'm' }),
    listSets: ({ walletId }) => ({ walletId }),
    findWallets: () => ({}),
    listDevices: () => ({}),
    listApprovals: () => ({}),
    approveRequest: () => ({ approvalId: '00'.repeat(16) }),
    denyRequest: () => ({ approvalId: '00'.repeat(16) }),
    retireSet: ({ walletId, setId }) => ({ walletId, setId }),
    revokeDevice: () => ({ deviceId: '00'.repeat(32) }),
    getWallet: ({ walletId }) => ({ walletId }),
    listWallets: () => ({ onFailed: () => undefined }),
    resume: () => ({}),
    removeShare: ({ walletId }) => ({ walletId }),
    exportPrivateKey: ({ walletId }) => ({ walletId, curve: 'secp256k1' }),
  }

  /** Fields that any value may be left out of, and those whose wrong value some action reads as another right one. */
  const MAY_PASS: Readonly<Record<string, readonly string[]>> = {
    'any field': ['undefined'],
    message: ['no bytes', 'one byte', 'zeros', 'many bytes', 'bytes that lie'],
    tapTweak: ['no bytes', 'zeros'],
    rotateBackup: ['true'],
    dryRun: ['true'],
    count: [],
    path: [],
  }

  const actions = { ...reshare, ...exported } as unknown as Record<string, AnyFunction>

  test('every action with parameters is here', () => {
    const known = new Set([
      ...Object.keys(GOOD),
      'createClient',
      'createFrostClient',
      'custodianBackups',
      'isMpcError',
      'isProtocolError',
      'exportFromBackup',
    ])
    const all = Object.entries(actions).filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    expect(all.map(([name]) => name).filter((name) => !known.has(name))).toEqual([])
  })

  test.each(Object.keys(GOOD))('%s refuses it before anything changes', async (name) => {
    const here = await world()
    const { client, storage, server } = here
    const before = await rows(storage)
    const sets = server.sets.size
    const faults: string[] = []
    const fields = [...Object.keys(GOOD[name]!(here)), 'signal', 'timeoutMs']
    for (const field of fields) {
      const transient = [...MAY_PASS['any field']!, ...(MAY_PASS[field] ?? [])]
      for (const [what, make] of HOSTILE) {
        if (transient.includes(what) || (typeof make() === 'function' && /^on[A-Z]/.test(field))) continue
        const found = await fault(async () => {
          await actions[name]!(client, { ...GOOD[name]!(here), [field]: make() })
          throw new Error('it was taken')
        })
        if (found !== undefined) faults.push(`${field} = ${what}: ${found}`)
      }
    }
    expect(faults).toEqual([])
    expect(await rows(storage)).toEqual(before)
    expect(server.sets.size).toBe(sets)
  })
})
