import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  confirmBackup,
  createClient,
  generateWallet,
  getExtendedPublicKey,
  getPublicKey,
  getWallet,
  listDevices,
  listSets,
  listWallets,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  removeShare,
  retireSet,
  revokeDevice,
  sign,
  type Client,
  type ClientOptions,
  type ShareStore,
} from '../../src/index.ts'
import { anyOf, custom } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { NOT_LABELS } from '../support/texts.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

type Action = (client: Client, options: never) => Promise<unknown>
type Bad = readonly [change: Record<string, unknown>, error: typeof TypeError | typeof RangeError]

const walletId = '0'.repeat(32)
const setId = '0'.repeat(64)
const method = plainMethod()
const message = new Uint8Array(3)
const identities = [{ unwrapFileKey: () => null }]
const paper = custom({ identities })
const guardians = someOf(2, [paper, custom({ identities })])

const ANY: readonly Bad[] = [
  [{ signal: {} }, TypeError],
  [{ timeoutMs: '5' }, TypeError],
  [{ timeoutMs: 0 }, RangeError],
  [{ timeoutMs: 1.5 }, RangeError],
  [{ timeoutMs: Number.NaN }, RangeError],
  [{ timeoutMs: 2 ** 31 }, RangeError],
]

const WALLET_ID: readonly Bad[] = [
  [{ walletId: undefined }, TypeError],
  [{ walletId: 5 }, TypeError],
  [{ walletId: '' }, RangeError],
  [{ walletId: setId }, RangeError],
  [{ walletId: 'A'.repeat(32) }, RangeError],
  [{ walletId: '../../wallet/000000000000000000' }, RangeError],
]

const SET_ID: readonly Bad[] = [
  [{ setId: undefined }, TypeError],
  [{ setId: walletId }, RangeError],
  [{ setId: 'g'.repeat(64) }, RangeError],
]

const DEVICE_ID: readonly Bad[] = [
  [{ deviceId: undefined }, TypeError],
  [{ deviceId: walletId }, RangeError],
]

const METHOD: readonly Bad[] = [
  [{ method: undefined }, TypeError],
  [{ method: 'secret' }, TypeError],
  [{ method: { ...method, open: 1 } }, TypeError],
  [{ method: { ...method, name: 'EMAIL' } }, TypeError],
]

const PROGRESS: readonly Bad[] = [[{ onProgress: 'bar' }, TypeError]]

const OPENING: readonly Bad[] = [
  ...METHOD,
  ...PROGRESS,
  ...WALLET_ID.slice(1),
  [{ cipherText: undefined }, TypeError],
  [{ cipherText: new Uint8Array(5) }, TypeError],
  [{ cipherText: '' }, RangeError],
  [{ rotateBackup: 'PASSWORD' }, TypeError],
  [{ rotateBackup: { name: 'PASSWORD' } }, TypeError],
  [{ rotateBackup: null }, TypeError],
  [{ rotateBackup: true, method: guardians }, TypeError],
  [{ rotateBackup: true, method: anyOf(paper, guardians) }, TypeError],
]

const SIGN: readonly Bad[] = [
  [{ scheme: undefined }, TypeError],
  [{ scheme: 'ecdsa' }, TypeError],
  [{ scheme: 'ecdsa', hash: 'md5' }, TypeError],
  [{ scheme: 'ecdsa', digest: new Uint8Array(32) }, TypeError],
  [{ scheme: 'ecdsa', message: undefined, digest: new Uint8Array(31) }, RangeError],
  [{ scheme: 'ecdsa', message: undefined, digest: '00'.repeat(32) }, TypeError],
  [{ scheme: 'ecdsa', message: undefined, hash: 'sha256', digest: new Uint8Array(32) }, TypeError],
  [{ scheme: 'bip340', path: "m/44'" }, RangeError],
  [{ scheme: 'bip340', path: 5 }, TypeError],
  [{ scheme: 'bip340', tapTweak: new Uint8Array(31) }, RangeError],
  [{ scheme: 'bip340', tapTweak: '' }, TypeError],
  [{ path: 'm/' }, TypeError],
  [{ path: "m/0'" }, RangeError],
  [{ message: undefined }, TypeError],
  [{ message: 'hello' }, TypeError],
  [{ message: [1, 2] }, TypeError],
  [{ message: new Uint8Array(65_537) }, RangeError],
]

const PATH: readonly Bad[] = [
  [{ path: '' }, TypeError],
  [{ path: 'm/01' }, TypeError],
  [{ path: "m/0'" }, RangeError],
  [{ path: 'm/2147483648' }, RangeError],
]

const COUNT: readonly Bad[] = [
  [{ count: undefined }, TypeError],
  [{ count: 0 }, RangeError],
  [{ count: 33 }, RangeError],
]

const CURVE: readonly Bad[] = [
  [{ curve: undefined }, TypeError],
  [{ curve: 'p256' }, TypeError],
  [{ curve: 'ed25519', path: "m/0'" }, RangeError],
]

const RECOVER: readonly Bad[] = [
  [{ existingSets: undefined }, TypeError],
  [{ existingSets: 'destroy' }, TypeError],
  [{ dryRun: 'yes' }, TypeError],
]

const actions: readonly (readonly [name: string, action: Action, good: object, bad: readonly Bad[]])[] = [
  ['generateWallet', generateWallet, {}, PROGRESS],
  ['backupWallet', backupWallet, { walletId, method }, [...WALLET_ID, ...METHOD, ...PROGRESS]],
  ['confirmBackup', confirmBackup, { setId }, SET_ID],
  ['recoverWallet', recoverWallet, { cipherText: 'x', method, existingSets: 'keep' }, [...OPENING, ...RECOVER]],
  ['provisionWallet', provisionWallet, { cipherText: 'x', method }, OPENING],
  ['refreshShares', refreshShares, { walletId }, [...WALLET_ID, ...PROGRESS]],
  ['sign', sign, { walletId, scheme: 'ed25519', message }, [...WALLET_ID, ...SIGN]],
  ['preprocessSignatures', preprocessSignatures, { walletId, count: 1 }, [...WALLET_ID, ...COUNT]],
  ['getPublicKey', getPublicKey, { walletId, curve: 'secp256k1' }, [...WALLET_ID, ...PATH, ...CURVE]],
  ['getExtendedPublicKey', getExtendedPublicKey, { walletId }, [...WALLET_ID, ...PATH, ...CURVE.slice(1)]],
  ['listSets', listSets, { walletId }, WALLET_ID],
  ['retireSet', retireSet, { walletId, setId }, [...WALLET_ID, ...SET_ID]],
  ['listDevices', listDevices, {}, []],
  ['revokeDevice', revokeDevice, { deviceId: setId }, DEVICE_ID],
  ['getWallet', getWallet, { walletId }, WALLET_ID],
  ['listWallets', listWallets, {}, []],
  ['removeShare', removeShare, { walletId }, WALLET_ID],
]

/** A store that any use of would show. */
function untouched(): ShareStore & { used: number } {
  const use = () => {
    store.used++
    return Promise.reject(new Error('the store was used'))
  }
  const store = { used: 0, probe: use, read: use, write: use, delete: use, list: use }
  return store
}

describe.each(actions)('%s', (name, action, good, bad) => {
  const cases = [...ANY, ...bad].map(([change, error]) => [JSON.stringify(change), change, error] as const)
  test.each(cases)('refuses %s before anything happens', async (_, change, error) => {
    const { server, device } = stage()
    const storage = untouched()
    const attempt = action(device('device', { storage }), { ...good, ...change } as never)
    await expect(attempt).rejects.toBeInstanceOf(error)
    expect(storage.used).toBe(0)
    expect(server.log).toEqual([])
  })

  test('refuses parameters that are no object', async () => {
    const { server, device } = stage()
    await expect(action(device(), null as never)).rejects.toBeInstanceOf(TypeError)
    await expect(action(device(), name as never)).rejects.toBeInstanceOf(TypeError)
    expect(server.log).toEqual([])
  })
})

describe('createClient', () => {
  const good: ClientOptions = { transport: { request: () => Promise.reject(new Error()) }, storage: memoryStore() }
  test.each<readonly [string, unknown, typeof TypeError | typeof RangeError]>([
    ['no options', undefined, TypeError],
    ['no transport', { ...good, transport: undefined }, TypeError],
    ['a transport that is a URL', { ...good, transport: 'https://mpc.example' }, TypeError],
    ['a store without list', { ...good, storage: { ...memoryStore(), list: undefined } }, TypeError],
    ['a clock that is a number', { ...good, now: 5 }, TypeError],
    ['random bytes', { ...good, random: new Uint8Array(32) }, TypeError],
    ['a label that is no text', { ...good, label: 5 }, TypeError],
    ['a label too long', { ...good, label: 'x'.repeat(129) }, RangeError],
    ...NOT_LABELS.map((label) => [`the label ${JSON.stringify(label)}`, { ...good, label }, RangeError] as const),
    ['an unknown time of the ECDSA setup', { ...good, ecdsaSetup: 'never' }, TypeError],
    ['an unknown policy after a cheat', { ...good, onCheating: 'forgive' }, TypeError],
    ['a pool by number', { ...good, pool: 5 }, TypeError],
    ['a pool that is null', { ...good, pool: null }, TypeError],
    ['a pool of a size in words', { ...good, pool: { size: 'two' } }, TypeError],
    ['a pool of 33', { ...good, pool: { size: 33 } }, RangeError],
    ['a pool of less than none', { ...good, pool: { size: -1 } }, RangeError],
    ['a pool of half a byte an hour', { ...good, pool: { bytesPerHour: 0.5 } }, RangeError],
    ['a pool of bytes in words', { ...good, pool: { bytesPerHour: '5' } }, TypeError],
    ['a pool that is to be filled by a flag', { ...good, pool: { mayFill: true } }, TypeError],
    ['a time-out of 0', { ...good, timeoutMs: 0 }, RangeError],
  ])('refuses %s', (_, options, error) => {
    expect(() => createClient(options as ClientOptions)).toThrow(error)
  })
})
