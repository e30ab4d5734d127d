import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { importWallet } from '../../../src/import.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  listSets,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  resume,
  sign,
  type Client,
  type ClientOptions,
  type Progress,
} from '../../../src/index.ts'
import { portableEcdsa, portableGroup } from '../../../src/portable.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { operationSessions } from '../../../src/wire/operation-definitions.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'
import { losingAnswers, watchedStore } from '../support/faults.ts'
import { plainMethod } from '../support/plain-method.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'

const method = plainMethod()
const message = sha256(utf8('hello'))
const ecdsa = { scheme: 'ecdsa', digest: message } as const

/** A client on the portable backend, as where there is no WebAssembly. */
function portable(client: Client): Client {
  const backend = portableEcdsa()
  return { ...client, group: portableGroup, ecdsa: { ...client.ecdsa!, backend: () => backend } }
}

/** A server, and devices that put the setup off. */
function putOffStage() {
  const { server, device } = stage()
  return {
    server,
    device,
    putOff: (options: Partial<ClientOptions> = {}) => device('put off', { ecdsaSetup: 'firstSignature', ...options }),
    /** The kinds of the requests so far that make a setup. */
    setups: () =>
      server.requests
        .filter((request) => operationSessions(request).some(({ brings }) => brings === 'setup'))
        .map(({ kind }) => kind),
  }
}

describe('a setup that is put off until the first signature', () => {
  test('is not made with a set, whatever makes it, and is made once for each', async () => {
    const { putOff, setups } = putOffStage()
    const phone = putOff()
    const { id: walletId } = await generateWallet(phone)
    const imported = await importWallet(phone, { secp256k1: { privateKey: new Uint8Array(32).fill(5) } })
    const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
    await confirm()
    const laptop = putOff()
    await provisionWallet(laptop, { cipherText, method })
    const tablet = putOff()
    await recoverWallet(tablet, { cipherText, method, existingSets: 'keep', rotateBackup: true })
    await refreshShares(phone, { walletId })
    expect(setups()).toEqual([])
    for (const client of [phone, laptop, tablet]) {
      expect(await client.store.list('ot/')).toEqual([])
      const { signature, publicKey } = await sign(client, { walletId, scheme: 'ed25519', message })
      expect(ed25519.verify(signature, message, publicKey)).toBe(true)
    }
    expect(setups()).toEqual([])
    for (const client of [phone, laptop, tablet]) {
      await signsEcdsa(client, { walletId })
      await signsEcdsa(client, { walletId })
      expect(await client.store.list('ot/')).toHaveLength(1)
    }
    await signsEcdsa(phone, { walletId: imported.id })
    expect(setups()).toEqual(['setup', 'setup', 'setup', 'setup'])
  })

  test('is made by a preprocessing too', async () => {
    const { putOff, setups } = putOffStage()
    const phone = putOff()
    const { id: walletId } = await generateWallet(phone)
    expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
    await signsEcdsa(phone, { walletId })
    expect(setups()).toEqual(['setup'])
  })

  test('retires other sets by the new one’s proof, before it is made, and nothing is lost', async () => {
    const { server, device, putOff, setups } = putOffStage()
    const phone = device('phone')
    const { id: walletId, setId } = await generateWallet(phone)
    await signsEcdsa(phone, { walletId })
    const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
    await confirm()
    const laptop = putOff()
    const { setId: recovered } = await recoverWallet(laptop, { cipherText, method, existingSets: 'retire' })
    expect(server.sets.get(setId)).toMatchObject({ state: 'DESTROYED' })
    expect(server.sets.get(recovered)).toMatchObject({ state: 'ACTIVE', proven: true, otState: undefined })
    await expect(sign(phone, { walletId, ...ecdsa })).rejects.toMatchObject({ code: 'SET_RETIRED' })
    await signsEcdsa(laptop, { walletId })
    const refreshed = await refreshShares(laptop, { walletId })
    expect(server.sets.get(recovered)).toMatchObject({ state: 'DESTROYED' })
    expect(await laptop.store.list('ot/')).toEqual([])
    await signsEcdsa(laptop, { walletId })
    expect(setups()).toEqual(['generate', 'setup', 'setup'])
    expect(await laptop.store.list('ot/')).toEqual([`ot/${refreshed.setId}`])
  })

  test('is made once by tabs that sign at the same time', async () => {
    const { putOff, setups } = putOffStage()
    const storage = memoryStore()
    const tabs = [1, 2, 3].map((tab) => putOff({ storage, random: seededRandom(`tab ${tab}`) }))
    const { id: walletId } = await generateWallet(tabs[0]!)
    await Promise.all(tabs.map((tab) => signsEcdsa(tab, { walletId })))
    expect(setups()).toEqual(['setup'])
  })

  test('is made again where the first signature is cut off, before and after the server has it', async () => {
    const { server, putOff, setups } = putOffStage()
    const storage = memoryStore()
    const { id: walletId } = await generateWallet(putOff({ storage }))
    const dying = watchedStore(storage, (point) => {
      if (point === 'before write ot') throw new Error('cut off')
    })
    await expect(sign(putOff({ storage: dying }), { walletId, ...ecdsa })).rejects.toMatchObject({
      cause: new Error('cut off'),
    })
    const deaf = losingAnswers(server, ({ path }) => path.endsWith('rounds/2') && setups().length === 2)
    await expect(sign(putOff({ storage, transport: deaf }), { walletId, ...ecdsa })).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
    })
    expect(await storage.list('ot/')).toEqual([])
    const phone = putOff({ storage })
    await sign(phone, { walletId, scheme: 'bip340', message })
    await signsEcdsa(phone, { walletId })
    await signsEcdsa(phone, { walletId })
    expect(setups()).toEqual(['setup', 'setup', 'setup'])
    expect((await resume(phone)).map(({ outcome }) => outcome)).toEqual(['READY'])
    expect(await listSets(phone, { walletId })).toHaveLength(1)
  })

  test('stops where the signature is aborted, or its time is over', async () => {
    const { server, putOff, setups } = putOffStage()
    const storage = memoryStore()
    const { id: walletId } = await generateWallet(putOff({ storage }))
    await sign(putOff({ storage }), { walletId, scheme: 'ed25519', message })
    for (const [code, end] of [
      ['ABORTED', (stop: AbortController) => stop.abort()],
      ['TIMEOUT', () => new Promise((resolve) => setTimeout(resolve, 60))],
    ] as const) {
      const stop = new AbortController()
      const transport = {
        request: async (request: Parameters<typeof server.request>[0]) => {
          const response = await server.request(request)
          if (request.path.endsWith('rounds/2')) await end(stop)
          return response
        },
      }
      const options = { walletId, ...ecdsa, signal: stop.signal, timeoutMs: code === 'TIMEOUT' ? 50 : 60_000 }
      await expect(sign(putOff({ storage, transport }), options)).rejects.toMatchObject({ code })
      expect(await storage.list('ot/')).toEqual([])
    }
    // On a machine that is busy, the time may be over before anything is sent.
    const begun = setups().length
    await signsEcdsa(putOff({ storage }), { walletId })
    expect(setups()).toHaveLength(begun + 1)
  })
})

describe('the progress of a signature', () => {
  test('has the setup as a step of its own, where there is none or it is made again', async () => {
    const { server, putOff } = putOffStage()
    const phone = putOff()
    const { id: walletId, setId } = await generateWallet(phone)
    const reports: Progress[] = []
    const watched = { walletId, onProgress: (progress: Progress) => reports.push(progress) }
    const steps = () => {
      const seen = reports.splice(0)
      const fractions = seen.map(({ fraction }) => fraction)
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
      expect([fractions[0], fractions.at(-1), seen.at(-1).done]).toEqual([0, 1, true])
      return seen.map(({ status }) => status).filter((status, at, all) => status !== all[at - 1])
    }
    const first = ['Reading share', 'Making ECDSA setup', 'Signing', 'Done']
    const later = ['Reading share', 'Signing', 'Done']

    await sign(phone, { ...watched, scheme: 'ed25519', message })
    expect(steps()).toEqual(later)
    await sign(phone, { ...watched, ...ecdsa })
    const within = reports.filter(({ status }) => status === 'Making ECDSA setup')
    expect(new Set(within.map(({ fraction }) => fraction)).size).toBe(2)
    expect(steps()).toEqual(first)
    await sign(phone, { ...watched, ...ecdsa })
    expect(steps()).toEqual(later)
    server.sets.get(setId)!.otState = undefined
    await sign(phone, { ...watched, ...ecdsa })
    expect(steps()).toEqual(['Reading share', 'Signing', ...first.slice(1)])
    await preprocessSignatures(phone, { ...watched, count: 2 })
    expect(steps()).toEqual(['Reading share', 'Preprocessing signatures', 'Done'])
    expect(reports).toEqual([])
  })
})

describe('the option ecdsaSetup', () => {
  test('is by default firstSignature on the portable backend, and withSet on WebAssembly', async () => {
    const { device, setups } = putOffStage()
    const slow = portable(device('slow'))
    const { id: walletId } = await generateWallet(slow)
    expect(setups()).toEqual([])
    await signsEcdsa(slow, { walletId })
    expect(setups()).toEqual(['setup'])
    await generateWallet(device('fast'))
    expect(setups()).toEqual(['setup', 'generate'])
    const eager = portable(device('eager', { ecdsaSetup: 'withSet' }))
    const { id: other } = await generateWallet(eager)
    await signsEcdsa(eager, { walletId: other })
    expect(setups()).toEqual(['setup', 'generate', 'generate'])
  }, 60_000)

  test.each(['later', 1, null])('refuses %o', (ecdsaSetup) => {
    const { server } = stage()
    const options = { transport: server, storage: memoryStore(), ecdsaSetup: ecdsaSetup as never }
    expect(() => createClient(options)).toThrow(/ecdsaSetup/)
  })
})
