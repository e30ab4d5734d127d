import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  createFrostClient,
  generateWallet,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  sign,
  type Client,
  type FrostClientOptions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { operationSessions } from '../../src/wire/operation-definitions.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'
import { signsEcdsa } from './support/signs-ecdsa.ts'

const method = plainMethod()
const message = sha256(utf8('hello'))
const unavailable = { name: 'MpcError', code: 'ECDSA_UNAVAILABLE', retryable: false }

/** A server, and clients of both kinds on stores that are shared where they are said to be. */
function frostStage() {
  const { server, device } = stage()
  const frost = (storage = memoryStore(), options: Partial<FrostClientOptions> = {}): Client =>
    createFrostClient({ transport: server, storage, repeats: false, ...options })
  return { server, frost, complete: (storage = memoryStore()) => device('complete', { storage }) }
}

/** The requests so far that make a setup, beside a set or for one. */
const setups = ({ requests }: ReturnType<typeof frostStage>['server']) =>
  requests.filter((request) => operationSessions(request).some(({ brings }) => brings === 'setup'))

async function signsByFrost(client: Client, walletId: string): Promise<void> {
  const eddsa = await sign(client, { walletId, scheme: 'ed25519', message })
  expect(ed25519.verify(eddsa.signature, message, eddsa.publicKey)).toBe(true)
  const bip340 = await sign(client, { walletId, scheme: 'bip340', message })
  expect(schnorr.verify(bip340.signature, message, bip340.publicKey)).toBe(true)
}

describe('a client without ECDSA', () => {
  test('generates, recovers and refreshes sets without a setup, and signs with each', async () => {
    const { server, frost } = frostStage()
    const [storage, lost] = [memoryStore(), memoryStore()]
    const phone = frost(storage)
    const { id: walletId } = await generateWallet(phone)
    await signsByFrost(phone, walletId)
    const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
    await confirm()
    await refreshShares(phone, { walletId })
    await signsByFrost(phone, walletId)
    const laptop = frost(lost)
    await provisionWallet(laptop, { cipherText, method })
    await signsByFrost(laptop, walletId)
    const next = frost()
    await recoverWallet(next, { cipherText, method, existingSets: 'keep', dryRun: true })
    await recoverWallet(next, { cipherText, method, existingSets: 'retire', rotateBackup: true })
    await signsByFrost(next, walletId)
    expect(setups(server)).toEqual([])
    expect([...server.sets.values()].filter(({ otState }) => otState !== undefined)).toEqual([])
    for (const store of [storage, lost, next.store]) expect(await store.list('ot/')).toEqual([])
  })

  test('says by a code that it has none, before it reads or sends anything', async () => {
    const { server, frost } = frostStage()
    const phone = frost()
    const { id: walletId } = await generateWallet(phone)
    server.log.length = 0
    for (const asked of [{ digest: message }, { message, hash: 'sha256' }] as const) {
      await expect(sign(phone, { walletId, scheme: 'ecdsa', ...asked })).rejects.toMatchObject(unavailable)
    }
    await expect(preprocessSignatures(phone, { walletId, count: 1 })).rejects.toMatchObject(unavailable)
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest: message.slice(1) })).rejects.toThrow(RangeError)
    expect(server.log).toEqual([])
    await signsByFrost(phone, walletId)
    phone.dispose()
    await signsByFrost(phone, walletId)
  })

  test('leaves its sets to a client with ECDSA on the same store, which makes the setup itself, once', async () => {
    const { server, frost, complete } = frostStage()
    const storage = memoryStore()
    const { id: walletId, setId } = await generateWallet(frost(storage))
    const phone = complete(storage)
    await signsEcdsa(phone, { walletId })
    await signsEcdsa(phone, { walletId })
    expect(setups(server).map(({ kind }) => kind)).toEqual(['setup'])
    expect(await storage.list('ot/')).toEqual([`ot/${setId}`])
    await signsByFrost(frost(storage), walletId)
    await preprocessSignatures(phone, { walletId, count: 1 })
    await signsEcdsa(phone, { walletId })
  })

  test('deletes with a set the setup that another client made for it', async () => {
    const { frost, complete } = frostStage()
    const storage = memoryStore()
    const phone = frost(storage)
    const makesWallet = async () => {
      const { id: walletId, setId } = await generateWallet(complete(storage))
      expect(await storage.list('ot/')).toEqual([`ot/${setId}`])
      return { walletId, setId }
    }
    await removeShare(phone, await makesWallet())
    expect(await storage.list('ot/')).toEqual([])
    await retireSet(phone, await makesWallet())
    expect(await storage.list('ot/')).toEqual([])
    await refreshShares(phone, await makesWallet())
    expect(await storage.list('ot/')).toEqual([])
    const { walletId } = await makesWallet()
    // As a process leaves it that ended between the record and the rest.
    await storage.delete(`wallet/${walletId}`)
    await resume(phone)
    expect([await storage.list('ot/'), (await storage.list('share/')).length]).toEqual([[], 1])
  })

  test.each<[Partial<Record<keyof FrostClientOptions, unknown>>, typeof TypeError | typeof RangeError]>([
    [{ transport: {} }, TypeError],
    [{ storage: {} }, TypeError],
    [{ timeoutMs: 0 }, RangeError],
    [{ label: 'two\nlines' }, RangeError],
    [{ random: 1 }, TypeError],
    [{ now: 1 }, TypeError],
    [{ repeats: 1 }, TypeError],
    [{ wait: 1 }, TypeError],
    [{ onError: 1 }, TypeError],
  ])('refuses the option %o', (option, error) => {
    const { frost } = frostStage()
    expect(() => frost(memoryStore(), option as Partial<FrostClientOptions>)).toThrow(error)
    expect(() => createFrostClient(undefined as never)).toThrow('createFrostClient')
  })
})
