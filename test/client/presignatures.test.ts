import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test, vi } from 'vitest'
import { fillPresignatures, generateWallet, MpcError, refreshShares, sign } from '../../src/index.ts'
import { OtPair } from '../../src/protocol/ecdsa/index.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { stage, type Stage } from './support/devices.ts'
import { losingAnswers } from './support/faults.ts'
import { signsEcdsa } from './support/signs-ecdsa.ts'

const digest = sha256(utf8('hello'))

/** How the ECDSA signatures so far were made. */
function sources({ requests }: Stage['server']): string[] {
  return requests.flatMap((request) =>
    request.kind === 'sign' && request.scheme === 'ecdsa' ? [request.source.kind] : [],
  )
}

const presigned = ({ requests }: Stage['server']) => requests.filter(({ kind }) => kind === 'presign').length

async function withWallet() {
  const { server, device } = stage()
  const storage = memoryStore()
  const phone = device('phone', { storage })
  const { id: walletId, setId } = await generateWallet(phone)
  return { server, device, storage, phone, walletId, setId }
}

describe('a presignature', () => {
  test('signs in one request, for its own key, once', async () => {
    const { server, phone, walletId } = await withWallet()
    expect(await fillPresignatures(phone, { walletId, path: 'm/1', count: 1 })).toBe(1)
    expect(await fillPresignatures(phone, { walletId, path: 'm/1', count: 1 })).toBe(1)
    expect(presigned(server)).toBe(1)
    await signsEcdsa(phone, { walletId })
    const { length } = server.log
    await signsEcdsa(phone, { walletId, path: 'm/1' })
    expect(server.log).toHaveLength(length + 1)
    await signsEcdsa(phone, { walletId, path: 'm/1' })
    expect(sources(server)).toEqual(['setUp', 'presignature', 'setUp'])
  })

  test('is spent by a request, whatever becomes of that', async () => {
    const { server, device, storage, walletId } = await withWallet()
    let lost = false
    const phone = device('phone', { storage, transport: losingAnswers(server, () => lost) })
    await fillPresignatures(phone, { walletId, count: 1 })
    lost = true
    await expect(sign(phone, { walletId, scheme: 'ecdsa', digest })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    lost = false
    await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['presignature', 'setUp'])
  })

  test('that the server has dropped is replaced by the long way', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await fillPresignatures(phone, { walletId, count: 1 })
    server.sets.get(setId)!.presignatures.clear()
    await signsEcdsa(phone, { walletId })
    expect(sources(server)).toEqual(['presignature', 'setUp'])
  })

  test('of which the server’s share is wrong gives no signature', async () => {
    const { server, phone, walletId, setId } = await withWallet()
    await fillPresignatures(phone, { walletId, count: 2 })
    const held = server.sets.get(setId)!.presignatures
    const [a, b] = [...held.keys()] as [string, string]
    const swapped = [held.get(b)!, held.get(a)!] as const
    held.set(a, swapped[0]).set(b, swapped[1])
    for (let i = 0; i < 2; i++) {
      const attempt = sign(phone, { walletId, scheme: 'ecdsa', digest })
      await expect(attempt).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason: 'SIG', blame: [2] })
    }
    await signsEcdsa(phone, { walletId })
  })

  test('is in no store, and unknown to another client', async () => {
    const { server, device, storage, phone, walletId } = await withWallet()
    const keys = await storage.list('')
    await fillPresignatures(phone, { walletId, count: 1 })
    expect(await storage.list('')).toEqual(keys)
    await signsEcdsa(device('phone', { storage }), { walletId })
    expect(sources(server)).toEqual(['setUp'])
  })

  test.each(['refreshed', 'set up anew', 'set up anew in another tab', 'banned in another tab'])(
    'is dropped when its set is %s',
    async (how) => {
      const { server, device, storage, phone, walletId, setId } = await withWallet()
      const other = device('phone', { storage, afterCheat: 'freshSetUp' })
      await fillPresignatures(phone, { walletId, count: 1 })
      const set = server.sets.get(setId)!
      if (how === 'refreshed') await refreshShares(phone, { walletId })
      if (how.startsWith('set up anew')) {
        // What was made with the set-up before is of no use, even where the server has kept it.
        const kept = [...set.presignatures]
        set.pair = undefined
        await signsEcdsa(how.endsWith('tab') ? other : phone, { walletId, path: 'm/9' })
        for (const [id, presignature] of kept) set.presignatures.set(id, presignature)
      }
      if (how === 'banned in another tab') {
        const { value, version } = (await storage.read(`ot/${setId}`))!
        const pair = OtPair.decode(value.slice(0, -32))
        pair.poison('CHEAT_VOLE')
        const row = pair.encode()
        await storage.write(`ot/${setId}`, new Uint8Array([...row, ...sha256(row)]), version)
        const attempt = sign(phone, { walletId, scheme: 'ecdsa', digest })
        await expect(attempt).rejects.toMatchObject({ code: 'OT_POISONED' })
      } else await signsEcdsa(phone, { walletId })
      expect(sources(server)).not.toContain('presignature')
    },
  )
})

describe('a pool', () => {
  const settled = (done: () => boolean) => vi.waitUntil(done, { interval: 1, timeout: 30_000 })

  test('is refilled in the background, by one refill at a time', async () => {
    const { server, device, storage, walletId } = await withWallet()
    const phone = device('phone', { storage, presignatures: { size: 3, refillAt: 2 } })
    const held = () => [...server.sets.values()].reduce((sum, set) => sum + set.presignatures.size, 0)
    await signsEcdsa(phone, { walletId })
    await settled(() => held() === 3)
    await settled(() => phone.presignatures.refilling.size === 0)
    for (let i = 0; i < 2; i++) await signsEcdsa(phone, { walletId })
    await settled(() => held() === 3 && phone.presignatures.refilling.size === 0)
    expect(sources(server)).toEqual(['setUp', 'presignature', 'presignature'])
    expect(presigned(server)).toBe(5)
  })

  test('that cannot be refilled leaves signing alone', async () => {
    const { server, device, storage, walletId } = await withWallet()
    let refused = 0
    const transport = {
      request: async (request: Parameters<typeof server.request>[0]) => {
        const response = await server.request(request)
        if (server.requests.at(-1)?.kind !== 'presign') return response
        refused++
        throw new MpcError('POLICY_DENIED', 'planted')
      },
    }
    const phone = device('phone', { storage, transport, presignatures: { size: 1, refillAt: 1 } })
    await signsEcdsa(phone, { walletId })
    await settled(() => phone.presignatures.refilling.size === 0)
    expect(refused).toBe(1)
  })

  test('says how many are ready, and needs to be told how many are wanted', async () => {
    const { device, storage, phone, walletId } = await withWallet()
    await expect(fillPresignatures(phone, { walletId })).rejects.toThrow(TypeError)
    const ready = device('phone', { storage, presignatures: { size: 2, refillAt: 1 } })
    expect(await fillPresignatures(ready, { walletId })).toBe(2)
  })
})
