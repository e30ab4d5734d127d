import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import {
  generateWallet,
  MpcError,
  preprocessSignatures,
  refreshShares,
  sign,
  type Client,
  type Transport,
} from '../../../src/index.ts'
import { OtState } from '../../../src/protocol/ecdsa/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { cheatedClient, cheating } from '../../support/ecdsa-cheats.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'
import { signsEcdsa } from '../support/signs-ecdsa.ts'

const digest = sha256(utf8('hello'))
const request = (walletId: string) => ({ walletId, scheme: 'ecdsa', digest }) as const

async function withWallet() {
  const { server, device } = stage()
  const storage = memoryStore()
  const { id: walletId, setId } = await generateWallet(device('phone', { storage }))
  await sign(device('phone', { storage }), { walletId, scheme: 'ed25519', message: digest })
  const stored = async () => OtState.decode((await storage.read(`ot/${setId}`))!.value.slice(0, -32))
  return { server, device, storage, walletId, setId, stored }
}

async function expectPoisoned(client: Client, walletId: string): Promise<void> {
  await expect(sign(client, request(walletId))).rejects.toMatchObject({ code: 'OT_POISONED', retryable: false })
}

describe('a server that is caught cheating', () => {
  test('is banned in the store, before anything else is sent and for every later client', async () => {
    const { server, device, storage, walletId, setId, stored } = await withWallet()
    const transport = cheating(server, 1)
    const order: string[] = []
    const watched = {
      ...storage,
      write: async (...write: Parameters<typeof storage.write>) => {
        const version = await storage.write(...write)
        order.push(`${write[0]} after ${transport.sent.length} requests`)
        return version
      },
    }
    const attempt = sign(device('phone', { storage: watched, transport }), request(walletId))
    const banned = { code: 'PROTOCOL_ABORTED', reason: 'CHEAT_OTE', blame: [2], ban: true, retryable: false }
    await expect(attempt).rejects.toMatchObject(banned)
    expect(order).toEqual([`ot/${setId} after 1 requests`])
    expect((await stored()).cheat).toBe('CHEAT_OTE')

    const { length } = server.log
    await expectPoisoned(device('phone', { storage }), walletId)
    expect(server.log).toHaveLength(length)
    await sign(device('phone', { storage }), { walletId, scheme: 'bip340', message: digest })
  })

  test('in what completes a preprocessing is banned as anywhere else, and the pool is wiped', async () => {
    const { server, device, storage, walletId, setId, stored } = await withWallet()
    const phone = device('phone', { storage, transport: cheating(server, 1) })
    await preprocessSignatures(phone, { walletId, count: 2 })
    const banned = { reason: 'CHEAT_GAMMA', blame: [2], ban: true, retryable: false }
    await expect(sign(phone, request(walletId))).rejects.toMatchObject(banned)
    expect((await stored()).cheat).toBe('CHEAT_GAMMA')
    expect(phone.ecdsa!.pool.count(setId)).toBe(0)
    await expectPoisoned(phone, walletId)
  })

  test('ends every other session of the set, in whatever tab', async () => {
    const { server, device, storage, walletId } = await withWallet()
    const transport = cheating(server, 1)
    const tabs = [0, 1, 2].map((tab) => device('tab', { storage, transport, random: seededRandom(`tab ${tab}`) }))
    const attempts = await Promise.allSettled(tabs.map((tab) => sign(tab, request(walletId))))
    const codes = attempts.map((attempt) => (attempt as PromiseRejectedResult).reason.code as string)
    expect(codes.sort()).toEqual(['OT_POISONED', 'OT_POISONED', 'PROTOCOL_ABORTED'])
    expect(transport.sent.filter((path) => path.endsWith('rounds/2'))).toEqual([])
  })

  test('ends also a session that has its last answer already', async () => {
    const { server, device, storage, walletId } = await withWallet()
    const cheated = device('tab', { storage, transport: cheating(server, 1) })
    const transport: Transport = {
      async request(asked) {
        const response = await server.request(asked)
        if (asked.path.endsWith('rounds/2')) await sign(cheated, request(walletId)).catch(() => undefined)
        return response
      },
    }
    await expectPoisoned(device('tab', { storage, transport }), walletId)
  })

  test('is refused even where the store would not take the ban, which is written once it does', async () => {
    const { server, device, storage, walletId, stored } = await withWallet()
    let full = true
    const write: typeof storage.write = async (key, ...rest) => {
      if (full && key.startsWith('ot/')) throw new MpcError('STORAGE_FULL', 'planted')
      return storage.write(key, ...rest)
    }
    const phone = device('phone', { storage: { ...storage, write }, transport: cheating(server, 1) })
    await expect(sign(phone, request(walletId))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    await expect(sign(phone, request(walletId))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    full = false
    await expectPoisoned(phone, walletId)
    expect((await stored()).cheat).toBe('CHEAT_OTE')
  })

  test('is left behind by a refresh', async () => {
    const { server, device, storage, walletId } = await withWallet()
    const phone = device('phone', { storage, transport: cheating(server, 1) })
    await expect(sign(phone, request(walletId))).rejects.toMatchObject({ ban: true })
    await refreshShares(phone, { walletId })
    await signsEcdsa(phone, { walletId })
  })

  test('signs on with a setup made for each signature, by policy, and is not banned twice', async () => {
    const { server, device, storage, walletId, stored } = await withWallet()
    const transport = cheating(server, 2)
    const phone = device('phone', { storage, transport, onCheating: 'ephemeralSetup' })
    await expect(sign(phone, request(walletId))).rejects.toMatchObject({ reason: 'CHEAT_OTE' })
    await signsEcdsa(phone, { walletId })
    await signsEcdsa(phone, { walletId, path: 'm/7' })
    expect(server.requests.slice(-2)).toEqual(
      ['m', 'm/7'].map((path) => expect.objectContaining({ path, source: { kind: 'ephemeralSetup' } })),
    )
    expect((await stored()).cheat).toBe('CHEAT_OTE')
  })
})

describe('a device that was caught by the server', () => {
  test('is refused, or signs with a setup made for each signature', async () => {
    const { server, device, storage, walletId } = await withWallet()
    const cheater = device('phone', { storage, transport: cheatedClient(server) })
    const refused = await sign(cheater, request(walletId)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'PROTOCOL_ABORTED' })
    expect(refused).not.toHaveProperty('reason')
    await expectPoisoned(device('phone', { storage }), walletId)
    await signsEcdsa(device('phone', { storage, onCheating: 'ephemeralSetup' }), { walletId })
    expect(server.requests.filter(({ kind }) => kind === 'setup')).toEqual([])
  })

  test('makes no setup in place of the poisoned one when its own is lost', async () => {
    const { server, device, storage, walletId, setId } = await withWallet()
    await sign(device('phone', { storage, transport: cheatedClient(server) }), request(walletId)).catch(() => undefined)
    await storage.delete(`ot/${setId}`)
    await expectPoisoned(device('phone', { storage }), walletId)
    expect(await storage.list('ot/')).toEqual([])
  })
})
