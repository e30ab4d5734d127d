import { afterAll, expect, test } from 'vitest'
import { deviceId, sealedTransport } from '../../src/channel/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { createClient, generateWallet, listDevices, sign } from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createServer } from '../../src/server/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { blocksOf, PAGES } from './blocks.ts'
import { runStatements } from './sql.ts'

const database = pgliteDatabase()
afterAll(() => database.close())

const [revocation, ...others] = PAGES.flatMap((page) => blocksOf(page)).filter(({ language }) => language === 'sql')

test('the statements of docs/operations.md revoke a device, and no page has others', async () => {
  expect(others).toEqual([])
  const random = seededRandom()
  const { secretKey, publicKey } = generateKeyPair(random)
  const server = createServer({
    database,
    masterKey: random(32),
    authenticate: () => ({ clientId: 'ann' }),
    channelKeys: [secretKey],
  })
  // The first request begins none then.
  await server.sweep()
  const deviceOf = (label: string) => {
    const storage = memoryStore()
    const transport = sealedTransport({ transport: inProcessTransport(server), serverKey: publicKey, storage })
    return { storage, client: createClient({ transport, storage, label }) }
  }
  const [phone, laptop] = [deviceOf('phone'), deviceOf('laptop')]
  const lost = await generateWallet(phone.client)
  const kept = await generateWallet(laptop.client)
  const message = utf8('still there?')

  const unknown = 'ab'.repeat(32)
  for (const device of [await deviceId(phone.storage), unknown]) {
    await runStatements(database, revocation!, ['ann', device])
  }
  const states = () => database.query('select state from reshare_sets where set_id = $1', [lost.setId])
  expect(await states()).toEqual([{ state: 'RETIRING' }])
  await server.sweep()
  expect(await states()).toEqual([{ state: 'DESTROYED' }])

  const devices = await listDevices(laptop.client)
  expect(new Map(devices.map(({ deviceId, revokedAt }) => [deviceId, revokedAt !== null]))).toEqual(
    new Map([
      [await deviceId(phone.storage), true],
      [unknown, true],
      [await deviceId(laptop.storage), false],
    ]),
  )
  const refused = sign(phone.client, { walletId: lost.id, scheme: 'ed25519', message })
  await expect(refused).rejects.toMatchObject({ code: 'DEVICE_REVOKED' })
  await sign(laptop.client, { walletId: kept.id, scheme: 'ed25519', message })
})
