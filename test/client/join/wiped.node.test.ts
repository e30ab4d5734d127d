import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeJoinCode, encodeJoinCode } from '../../../src/client/join/code.ts'
import { loadShares } from '../../../src/client/wallets/share-store.ts'
import { readWallet } from '../../../src/client/wallets/wallet-store.ts'
import { generateWallet, resume, type Client } from '../../../src/index.ts'
import { inviteDevice, joinWallet, readJoinCode } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { allocationsOf } from '../../support/allocations.ts'
import { seededRandom } from '../../support/random.ts'
import { newUser } from './support/join-devices.ts'

// No byte array that a join makes holds a secret of it afterwards, on whichever side.

const random = seededRandom()

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** The secrets of a set that a device stores. */
async function storedSecrets(client: Client, walletId: string): Promise<Uint8Array[]> {
  const record = (await readWallet(client, walletId))!
  const { shares } = await loadShares(client, record, record.activeSetId!)
  return shares.map(({ secretShare }) => secretShare)
}

async function pair() {
  const device = newUser(world, random, false)
  const phone = device('phone')
  const { id: walletId } = await generateWallet(phone)
  await resume(phone)
  return { phone, tablet: device('tablet'), walletId }
}

/** The device with bytes that were drawn before, and those that it has taken of them, in its order. */
function drawing(client: Client): { readonly client: Client; readonly drawn: readonly Uint8Array[] } {
  const pool = Array.from({ length: 100 }, () => random(128))
  const drawn: Uint8Array[] = []
  const take = (length: number) => {
    drawn.push(pool.pop()!.subarray(0, length))
    return drawn.at(-1).slice()
  }
  return { client: { ...client, random: take }, drawn }
}

test('of two devices of which one joins', async () => {
  const { phone, tablet, walletId } = await pair()
  const [inviting, joining] = [drawing(phone), drawing(tablet)]
  const dealt = await storedSecrets(phone, walletId)
  let psk: Uint8Array | undefined
  const allocations = await allocationsOf(async () => {
    const { code, done } = await joinWallet(joining.client)
    psk = decodeJoinCode(code).psk
    await inviteDevice(inviting.client, { walletId, code })
    await done
  })
  const made = await storedSecrets(tablet, walletId)
  // The invitation's id, the secret key, the pre-shared key; of the phone, its secret key.
  const [joiningKey, shown] = [joining.drawn[1]!, joining.drawn[2]!]
  expect(shown).toEqual(psk)
  const secrets = { joiningKey, invitingKey: inviting.drawn[0]!, psk: shown }
  const left = (secret: Uint8Array) => allocations.holding(secret, [psk!, ...inviting.drawn, ...joining.drawn]).length
  expect(Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, left(secret)]))).toEqual({
    joiningKey: 0,
    invitingKey: 0,
    psk: 0,
  })
  // What a store has is there for as long as the store is.
  expect(dealt.map(left)).toEqual([0, 0])
  expect(made.map(left)).toEqual([1, 1])
})

test('of a code that is read, or refused', async () => {
  const psk = random(32)
  const code = encodeJoinCode({ invitationId: '0a'.repeat(16), publicKey: key(), deviceId: null, psk })
  const spoilt = `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`
  for (const [text, isRead] of [
    [code, true],
    [spoilt, false],
  ] as const) {
    const allocations = await allocationsOf(() => {
      if (isRead) readJoinCode(text)
      else expect(() => readJoinCode(text)).toThrow()
    })
    expect(allocations.holding(psk)).toEqual([])
  }
  const allocations = await allocationsOf(() =>
    encodeJoinCode({ invitationId: '0a'.repeat(16), publicKey: key(), deviceId: null, psk }),
  )
  expect(allocations.holding(psk, [psk])).toEqual([])
})

function key(): Uint8Array {
  const bytes = random(32)
  bytes[31]! &= 0x7f
  return bytes
}
