import { describe, expect, test } from 'vitest'
import { generateWallet, preprocessSignatures, sign, signAll, type Transport } from '../../../src/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { stage } from '../support/devices.ts'

const digest = new Uint8Array(32).fill(7)
const items = [
  { scheme: 'ecdsa', digest },
  { scheme: 'bip340', message: digest },
  { scheme: 'ecdsa', digest, path: 'm/1' },
  { scheme: 'ed25519', message: digest },
] as const
/** Where the items are in the request. */
const [FIRST, SECOND, BIP340, ED25519] = [0, 1, 2, 3]

/** A lie: a message of this length in this response, changed in one byte. */
interface Lie {
  readonly round: number
  readonly length: number
  readonly at: number
}

/** A server that lies about one item of the next batch. */
function lying(server: Transport, item: number, lie: Lie) {
  const told = { sent: 0, lies: 0 }
  const transport: Transport = {
    async request(request) {
      told.sent += 1
      const response = await server.request(request)
      if (response.status !== 200 || !request.path.endsWith(`rounds/${lie.round}`)) return response
      const { header, messages } = decodeRoundBody(response.body)
      const changed = messages.map(({ sessionIndex, envelope }) => {
        const { body, ...rest } = decodeEnvelope(envelope)
        if (sessionIndex !== item || body.length !== lie.length) return { sessionIndex, envelope }
        told.lies += 1
        body[lie.at]! ^= 1
        return { sessionIndex, envelope: encodeEnvelope({ ...rest, body }) }
      })
      return { status: 200, body: encodeRoundBody({ header: header as object, messages: changed }) }
    },
  }
  return { transport, told }
}

async function owner() {
  const { server, device } = stage()
  const storage = memoryStore()
  const client = device('phone', { storage })
  const { id: walletId } = await generateWallet(client)
  await sign(client, { walletId, scheme: 'ed25519', message: digest })
  return { server, device, client, storage, walletId }
}

const extension: Lie = { round: 1, length: 16_432, at: 16_431 }
const product: Lie = { round: 1, length: 73_792, at: 31 }
const opening: Lie = { round: 2, length: 130, at: 31 }
const nonce: Lie = { round: 2, length: 65, at: 64 }
const share: Lie = { round: 2, length: 64, at: 31 }
const frostShare: Lie = { round: 2, length: 32, at: 31 }

describe('a lie about one of several signatures', () => {
  test.each([
    ['an extension', extension, 'CHEAT_OTE'],
    ['a product', product, 'CHEAT_VOLE'],
    ['an opening', opening, 'CHEAT_GAMMA'],
  ])('in %s gives none of them, and bans the server', async (_, lie, reason) => {
    for (const item of [FIRST, SECOND]) {
      const { server, device, storage, walletId } = await owner()
      const { transport, told } = lying(server, item, lie)
      const attempt = signAll(device('phone', { storage, transport }), { walletId, items })
      await expect(attempt).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason, ban: true, blame: [2] })
      expect(told).toEqual({ sent: lie.round, lies: 1 })
      const later = device('phone', { storage })
      await expect(signAll(later, { walletId, items })).rejects.toMatchObject({ code: 'OT_POISONED' })
      expect(await signAll(later, { walletId, items: [items[1], items[3]] })).toHaveLength(2)
    }
  })

  test.each<[string, Lie, number, string]>([
    ['a nonce', nonce, SECOND, 'COMMIT'],
    ['a signature share of ECDSA', share, FIRST, 'SIG'],
    ['a signature share of ECDSA', share, SECOND, 'SIG'],
    ['a signature share of BIP 340', frostShare, BIP340, 'SIG'],
    ['a signature share of Ed25519', frostShare, ED25519, 'SIG'],
  ])('in %s gives none of them', async (_, lie, item, reason) => {
    const { server, device, client, storage, walletId } = await owner()
    const { transport, told } = lying(server, item, lie)
    const attempt = signAll(device('phone', { storage, transport }), { walletId, items })
    await expect(attempt).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason, blame: [2] })
    expect(told.lies).toBe(1)
    expect(await signAll(client, { walletId, items })).toHaveLength(4)
  })

  test('uses all preprocessings up', async () => {
    const { server, device, storage, walletId } = await owner()
    const { transport, told } = lying(server, SECOND, { ...share, round: 1 })
    const client = device('phone', { storage, transport })
    expect(await preprocessSignatures(client, { walletId, count: 2 })).toBe(2)
    await expect(signAll(client, { walletId, items })).rejects.toMatchObject({ reason: 'SIG' })
    expect(told.lies).toBe(1)
    expect(client.ecdsa!.pool.count([...server.sets.keys()][0]!)).toBe(0)
  })

  test('and so does a message of one that is left out', async () => {
    const { server, device, storage, walletId } = await owner()
    const transport: Transport = {
      async request(request) {
        const response = await server.request(request)
        if (response.status !== 200 || !request.path.endsWith('rounds/2')) return response
        const { header, messages } = decodeRoundBody(response.body)
        const left = messages.filter(({ sessionIndex }) => sessionIndex !== BIP340)
        return { status: 200, body: encodeRoundBody({ header: header as object, messages: left }) }
      },
    }
    const attempt = signAll(device('phone', { storage, transport }), { walletId, items })
    await expect(attempt).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED', reason: 'FORMAT' })
  })
})
