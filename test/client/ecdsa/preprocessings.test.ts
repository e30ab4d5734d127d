import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { MpcError, preprocessSignatures, refreshShares, sign } from '../../../src/index.ts'
import { OtState, Preprocessed, getEcdsaBackend } from '../../../src/protocol/ecdsa/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { losingAnswers } from '../support/faults.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'
import { sources, preprocessed, withWallet } from '../support/stored-wallet.ts'

const digest = sha256(utf8('hello'))

describe('a preprocessing', () => {
  test('signs in one request, by whichever key, once', async () => {
    const { server, phone, walletId } = await withWallet()
    expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
    expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
    expect(preprocessed(server)).toBe(2)
    for (const path of ['m', 'm/1/7']) {
      const { length } = server.log
      await signsEcdsa(phone, { walletId, path })
      expect(server.log).toHaveLength(length + 1)
    }
    await signsEcdsa(phone, { walletId, path: 'm/1' })
    expect(sources(server)).toEqual(['preprocessing', 'preprocessing', 'setup'])
  })

  test('is handed to one of two signatures at once', async () => {
    const { server, phone, walletId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 1 })
    await Promise.all(['m', 'm/1', 'm'].map((path) => signsEcdsa(phone, { walletId, path })))
    expect(sources(server).toSorted()).toEqual(['preprocessing', 'setup', 'setup'])
  })

  test('is used up by a request, whatever becomes of that', async () => {
    const { server, device, storage, walletId } = await withWallet()
    let lost = false
    const phone = device('phone', { storage, transport: losingAnswers(server, () => lost) })
    await preprocessSignatures(phone, { walletId, count: 1 })
    lost = true
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    lost = false
    await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['preprocessing', 'setup'])
  })

  test('that the server has dropped is replaced by two requests, and so are those beside it, by one look', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 2 })
    server.sets.get(setId)!.preprocessings.clear()
    for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['preprocessing', 'setup', 'setup'])
  })

  // What a snapshot of the app's memory would bring back.
  test('of a copy of the pool is refused by the server, and the signature takes two requests', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 1 })
    const { otState } = server.sets.get(setId)!
    const held = phone.ecdsa!.pool.take(setId, otState!.digest)!
    const bytes = held.encode()
    for (let i = 0; i < 2; i++) {
      const copy = Preprocessed.decode(getEcdsaBackend(), bytes)
      phone.ecdsa!.pool.add(setId, otState!.digest, copy)
      await signsEcdsa(phone, { walletId, path: `m/${i}` })
    }
    expect(sources(server)).toEqual(['preprocessing', 'preprocessing', 'setup'])
  })

  test('of which the server’s side is another gives no signature', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await preprocessSignatures(phone, { walletId, count: 2 })
    const held = server.sets.get(setId)!.preprocessings
    const [a, b] = [...held.keys()] as [string, string]
    const swapped = [held.get(b)!, held.get(a)!] as const
    held.set(a, swapped[0]).set(b, swapped[1])
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toBeInstanceOf(MpcError)
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toBeInstanceOf(MpcError)
    await signsEcdsa(phone, { walletId })
  })

  test('is in no store, and unknown to another client', async () => {
    const { server, device, storage, phone, walletId } = await withWallet()
    const keys = await storage.list('')
    await preprocessSignatures(phone, { walletId, count: 1 })
    expect(await storage.list('')).toEqual(keys)
    await signsEcdsa(device('phone', { storage }), { walletId })
    expect(sources(server)).toEqual(['setup'])
  })

  test.each(['refreshed', 'set up anew', 'set up anew in another tab', 'banned in another tab'])(
    'is dropped when its set is %s',
    async (how) => {
      const { server, device, storage, phone, walletId, setId } = await withWallet()
      const other = device('phone', { storage, onCheating: 'ephemeralSetup' })
      await preprocessSignatures(phone, { walletId, count: 2 })
      const set = server.sets.get(setId)!
      if (how === 'refreshed') await refreshShares(phone, { walletId })
      if (how.startsWith('set up anew')) {
        // What was made with the setup before is of no use, even where the server has kept it.
        const kept = [...set.preprocessings]
        set.otState = undefined
        await signsEcdsa(how.endsWith('tab') ? other : phone, { walletId, path: 'm/9' })
        for (const [id, preprocessing] of kept) set.preprocessings.set(id, preprocessing)
        server.requests.length = 0
      }
      if (how === 'banned in another tab') {
        const { value, version } = (await storage.read(`ot/${setId}`))!
        const otState = OtState.decode(value.slice(0, -32))
        otState.poison('CHEAT_VOLE')
        const row = otState.encode()
        await storage.write(`ot/${setId}`, new Uint8Array([...row, ...sha256(row)]), version)
        const attempt = sign(phone, { walletId, scheme: 'ecdsa', digest })
        await expect(attempt).rejects.toMatchObject({ code: 'OT_POISONED' })
      } else await signsEcdsa(phone, { walletId })
      expect(sources(server)).not.toContain('preprocessing')
      expect(server.requests.filter(({ kind }) => kind === 'setup')).toEqual([])
      expect(phone.ecdsa!.pool.count(setId)).toBe(0)
    },
  )
})

test('preprocessings of a setup that the server has lost are not counted as ready', async () => {
  const { server, phone, walletId, setId } = await withWallet()
  await preprocessSignatures(phone, { walletId, count: 1 })
  server.sets.get(setId)!.otState = undefined
  expect(await preprocessSignatures(phone, { walletId, count: 2 })).toBe(2)
  for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId })
  expect(sources(server)).toEqual(['preprocessing', 'preprocessing'])
})
