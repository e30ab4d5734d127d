import { describe, expect, test, vi } from 'vitest'
import {
  backupWallet,
  confirmBackup,
  generateWallet,
  getExtendedPublicKey,
  getPublicKey,
  getWallet,
  listSets,
  listWallets,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  sign,
  type Client,
} from '../../../src/index.ts'
import { importWallet } from '../../../src/import.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { lockedStore, secretLock } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { askedLock, contents, secretOf } from '../../storage/lock/support/locks.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'

const message = utf8('hello')

/** A device with a locked store, a wallet that has nothing left to do, and its backup. The lock is closed. */
async function lockedDevice() {
  const { server, device } = stage()
  const inner = memoryStore()
  const asked = askedLock(secretOf(1))
  const storage = lockedStore(inner, asked.lock)
  const client = device('phone', { storage })
  const { id: walletId } = await generateWallet(client)
  const { cipherText, setId } = await backupWallet(client, { walletId, method: plainMethod() })
  await resume(client)
  asked.lock.lock()
  asked.prompts = 0
  return { server, device, inner, asked, storage, client, walletId, cipherText, backupSetId: setId }
}

type World = Awaited<ReturnType<typeof lockedDevice>>
type Act = (world: World) => Promise<unknown>

const QUIET: Record<string, Act> = {
  getWallet: ({ client, walletId }) => getWallet(client, { walletId }),
  'getPublicKey of the wallet': async ({ client, walletId }) => {
    await getPublicKey(client, { walletId, curve: 'secp256k1' })
    return getPublicKey(client, { walletId, curve: 'ed25519' })
  },
  listWallets: ({ client }) => listWallets(client),
  resume: ({ client }) => resume(client),
  listSets: ({ client, walletId }) => listSets(client, { walletId }),
  confirmBackup: ({ client, backupSetId }) => confirmBackup(client, { setId: backupSetId }),
  retireSet: async ({ client, walletId }) => {
    const { setId } = await getWallet(client, { walletId })
    return retireSet(client, { walletId, setId })
  },
  removeShare: ({ client, walletId }) => removeShare(client, { walletId }),
}

const ASKING: Record<string, Act> = {
  generateWallet: ({ client }) => generateWallet(client),
  importWallet: ({ client }) => importWallet(client, { secp256k1: { privateKey: secretOf(7) } }),
  backupWallet: ({ client, walletId }) => backupWallet(client, { walletId, method: plainMethod() }),
  'recoverWallet keeping': ({ client, cipherText }) =>
    recoverWallet(client, { cipherText, method: plainMethod(), existingSets: 'keep' }),
  'recoverWallet retiring, with another backup': ({ client, cipherText }) =>
    recoverWallet(client, { cipherText, method: plainMethod(), existingSets: 'retire', rotateBackup: true }),
  'recoverWallet for a trial': ({ client, cipherText }) =>
    recoverWallet(client, { cipherText, method: plainMethod(), existingSets: 'keep', dryRun: true }),
  provisionWallet: ({ client, cipherText }) => provisionWallet(client, { cipherText, method: plainMethod() }),
  refreshShares: ({ client, walletId }) => refreshShares(client, { walletId }),
  'sign by ECDSA': ({ client, walletId }) => sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' }),
  'sign by ed25519': ({ client, walletId }) => sign(client, { walletId, scheme: 'ed25519', message }),
  preprocessSignatures: ({ client, walletId }) => preprocessSignatures(client, { walletId, count: 1 }),
  'getPublicKey of a path': ({ client, walletId }) =>
    getPublicKey(client, { walletId, curve: 'secp256k1', path: 'm/0/5' }),
  getExtendedPublicKey: ({ client, walletId }) => getExtendedPublicKey(client, { walletId }),
}

describe('on a locked device', () => {
  test.each(Object.entries(QUIET))('%s asks nobody', async (_, act) => {
    const world = await lockedDevice()
    await act(world)
    expect(world.asked.prompts).toBe(0)
  })

  test.each(Object.entries(ASKING))('%s asks once', async (_, act) => {
    const world = await lockedDevice()
    await act(world)
    expect(world.asked.prompts).toBe(1)
  })

  test.each(Object.entries(ASKING))('%s that is refused changes nothing, and may be tried again', async (_, act) => {
    const { inner, storage, device, ...world } = await lockedDevice()
    const before = await contents(inner)
    const refusing = askedLock(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
    const client = device('phone', { storage: lockedStore(inner, refusing.lock) })
    const made = world.server.sets.size
    const work = act({ ...world, inner, storage, device, client })
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    expect(await contents(inner)).toEqual(before)
    expect(world.server.sets.size).toBe(made)
    await act({ ...world, inner, storage, device, client: device('phone', { storage }) })
  })
})

describe('what was left unfinished, on a locked device', () => {
  /** A wallet that was just made, whose proof is pending. */
  async function unproven() {
    const { server, device } = stage()
    const inner = memoryStore()
    const asked = askedLock(secretOf(1))
    const client = device('phone', { storage: lockedStore(inner, asked.lock) })
    const wallet = await generateWallet(client)
    asked.lock.lock()
    asked.prompts = 0
    return { server, device, inner, asked, client, wallet, walletId: wallet.id }
  }

  const proven = ({ server }: { server: World['server'] }, setId: string) => server.sets.get(setId)?.proven

  test('is left for later by what needs no share, and said by resume', async () => {
    const { asked, client, wallet, walletId, server } = await unproven()
    expect(await getWallet(client, { walletId })).toEqual(wallet)
    expect(await getPublicKey(client, { walletId, curve: 'ed25519' })).toEqual(wallet.publicKeys.ed25519)
    expect(await listWallets(client)).toEqual([wallet])
    expect(await resume(client)).toEqual([
      {
        walletId,
        outcome: 'PENDING',
        wallet,
        error: expect.objectContaining({ code: 'STORAGE_UNAVAILABLE', retryable: true }) as Error,
      },
    ])
    expect([asked.prompts, proven({ server }, wallet.setId)]).toEqual([0, false])
  })

  test('is finished by the next signature, or once the lock is open', async () => {
    for (const open of [
      (client: Client, walletId: string) => sign(client, { walletId, scheme: 'ed25519', message }),
      async (client: Client, _: string, asked: { lock: { unlock(): Promise<unknown> } }) => {
        await asked.lock.unlock()
        await resume(client)
      },
    ]) {
      const { asked, client, wallet, walletId, server } = await unproven()
      await open(client, walletId, asked)
      expect([asked.prompts, proven({ server }, wallet.setId)]).toEqual([1, true])
      expect(await resume(client)).toEqual([{ walletId, outcome: 'READY', wallet }])
    }
  })

  test('waits for one prompt with all the time of the action, not of a step', async () => {
    const { device, inner, wallet, server } = await unproven()
    const answers: ((secret: Uint8Array) => void)[] = []
    const lock = secretLock({ getSecret: () => new Promise((resolve) => void answers.push(resolve)) })
    const client = device('phone', { storage: lockedStore(inner, lock) })
    vi.useFakeTimers()
    try {
      const work = sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
      await vi.waitFor(() => expect(answers).toHaveLength(1))
      await vi.advanceTimersByTimeAsync(60_000)
      answers[0]!(secretOf(1))
      vi.useRealTimers()
      await work
      expect([answers.length, proven({ server }, wallet.setId)]).toEqual([1, true])
    } finally {
      vi.useRealTimers()
    }
  })

  test('a generation that was cut off is found without a prompt', async () => {
    const { server, device } = stage()
    const inner = memoryStore()
    const asked = askedLock(secretOf(1))
    const storage = lockedStore(inner, asked.lock)
    const transport = losingAnswers(server, ({ path }) => path.endsWith('rounds/2'))
    await expect(generateWallet(device('phone', { storage, transport }))).rejects.toMatchObject({ retryable: true })
    asked.lock.lock()
    asked.prompts = 0
    const later = device('phone', { storage, now: () => Date.now() + 3_600_000 })
    const [wallet] = await listWallets(later)
    expect(wallet).toBeDefined()
    expect(asked.prompts).toBe(0)
    await sign(later, { walletId: wallet!.id, scheme: 'ed25519', message })
    expect(asked.prompts).toBe(1)
  })
})
