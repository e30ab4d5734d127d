import { describe, expect, test } from 'vitest'
import { shareOn } from '../../src/client/wallet-shares.ts'
import { getGroup } from '../../src/curve/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import type { Database } from '../../src/service/database/types.ts'
import { encodeWalletShares } from '../../src/key-share/index.ts'
import { CURVES } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { storeBackup, storeShare } from '../support/custodian-app.ts'
import { inHex } from '../support/texts.ts'
import { walletPair } from '../support/wallet-pair.ts'
import { ALLOWED, AUTHORIZATION, begin, newExport, post, sealedOf } from './support/exports.ts'
import { fileCustodian, type CustodianWorld } from './support/world.ts'

describe.each(chosenDatabases('custodian/export'))('the custodian’s exports on $name', ({ open }) => {
  let world: CustodianWorld
  fileCustodian(open, (made) => (world = made))

  test.each(CURVES)('the share of %s goes to who proves to hold the other, sealed, and is marked', async (curve) => {
    const asked: unknown[] = []
    const app = world.app({ authorizeExport: (by, request) => asked.push([by, request]) > 0 })
    const user = `round trip ${curve}`
    const backup = await world.newBackup(user)
    const one = newExport(backup, world.random, curve)
    const challenge = await begin(app, one, user)
    expect(await world.exportedAt(backup)).toBeNull()
    const answer = await post(app, one.sharePath, one.proof(challenge), user)
    expect(answer.status).toBe(200)
    const share = one.receive(sealedOf(answer))
    expect(share.value).toEqual(shareOn(backup.other, curve).secretShare)
    expect(one.recombine(share).length).toBe(32)
    const request = { setId: toHex(backup.client.setId), curve, authorization: AUTHORIZATION }
    expect(asked).toEqual([[{ userId: `user ${user}`, clientId: `client ${user}` }, request]])
    expect(await world.exportedAt(backup)).toEqual(new Date(world.now()))

    world.pass(1000)
    const again = newExport(backup, world.random, curve)
    await post(app, again.sharePath, again.proof(await begin(app, again, user)), user)
    expect(await world.exportedAt(backup)).toEqual(new Date(world.now() - 1000))
  })

  test('a challenge is answered once: again the same bytes for the same proof, nothing for another', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const one = newExport(await world.newBackup('once'), world.random)
    const challenge = await begin(app, one, 'once')
    expect(await begin(app, one, 'once')).toBe(challenge)
    const proof = one.proof(challenge)
    const first = await post(app, one.sharePath, proof, 'once')
    expect(first.status).toBe(200)
    expect(await post(app, one.sharePath, proof, 'once')).toEqual(first)
    const refused = [
      await post(app, one.sharePath, one.proof(challenge), 'once'),
      await post(app, one.challengePath, one.asked, 'once'),
    ]
    expect(refused.map(({ code }) => code)).toEqual(['PROTOCOL_ABORTED', 'PROTOCOL_ABORTED'])
    world.pass(5 * 60_000)
    expect((await post(app, one.sharePath, proof, 'once')).code).toBe('PROTOCOL_ABORTED')
  })

  test('a wrong proof uses the challenge up', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const backup = await world.newBackup('wrong')
    const one = newExport(backup, world.random)
    const challenge = await begin(app, one, 'wrong')
    const stranger = { ...one.own, secretShare: one.terms.group.randomScalar(world.random) }
    expect((await post(app, one.sharePath, one.proof(challenge, stranger), 'wrong')).code).toBe('PROTOCOL_ABORTED')
    expect((await post(app, one.sharePath, one.proof(challenge), 'wrong')).code).toBe('PROTOCOL_ABORTED')
    expect(await world.exportedAt(backup)).toBeNull()
  })

  test('a proof serves the export that it was made for alone', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const backup = await world.newBackup('bound')
    const [one, other] = [newExport(backup, world.random), newExport(backup, world.random)]
    const proof = one.proof(await begin(app, one, 'bound'))
    await begin(app, other, 'bound')
    expect((await post(app, other.sharePath, proof, 'bound')).code).toBe('PROTOCOL_ABORTED')
    const changed = { ...one.asked, receiver: toHex(generateKeyPair(world.random).publicKey) }
    expect((await post(app, one.challengePath, changed, 'bound')).code).toBe('PROTOCOL_ABORTED')
    for (const field of [{ curve: 'ed25519' }, { setId: '5e'.repeat(32) }]) {
      expect((await post(app, one.challengePath, { ...one.asked, ...field }, 'bound')).code).toBe('PROTOCOL_ABORTED')
    }
  })

  test('a challenge lives for five minutes, and leaves no row', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const backup = await world.newBackup('late')
    const one = newExport(backup, world.random)
    const challenge = await begin(app, one, 'late')
    world.pass(5 * 60_000)
    expect((await post(app, one.sharePath, one.proof(challenge), 'late')).code).toBe('PROTOCOL_ABORTED')
    await begin(app, newExport(backup, world.random), 'late')
    const rows = await world.database.query('select 1 from reshare_custodian_exports where expires_at <= $1', [
      new Date(world.now()),
    ])
    expect(rows).toEqual([])
  })

  test('a share that is removed meanwhile is not handed out', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const backup = await world.newBackup('removed')
    const one = newExport(backup, world.random)
    const challenge = await begin(app, one, 'removed')
    const removal = { clientId: 'client removed', setId: toHex(backup.client.setId) }
    expect((await post(app, '/backup/delete', removal)).status).toBe(200)
    expect((await post(app, one.sharePath, one.proof(challenge), 'removed')).code).toBe('AUTH_FAILED')
  })

  test('nor one that is removed while it is being sealed', async () => {
    const { database } = world
    const backup = await world.newBackup('race')
    let releasing = false
    const racing: Database = {
      ...database,
      async transaction(work, isolation) {
        if (releasing) {
          await database.query('delete from reshare_custodian_shares where set_id = $1', [toHex(backup.client.setId)])
        }
        return database.transaction(work, isolation)
      },
    }
    const app = world.app({ authorizeExport: ALLOWED, database: racing })
    const one = newExport(backup, world.random)
    const challenge = await begin(app, one, 'race')
    releasing = true
    expect((await post(app, one.sharePath, one.proof(challenge), 'race')).code).toBe('AUTH_FAILED')
  })

  test('what else lies under the set’s name is passed over', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const pair = walletPair('backup', world.random)
    const store = (share: Uint8Array) => storeShare(app, 'junk', toHex(pair.client.setId), share)
    const others = [walletPair('backup', world.random).other, pair.client, walletPair('signing', world.random).other]
    await store(world.random(99))
    for (const shares of others) await store(encodeWalletShares(getGroup, shares))
    const early = newExport(pair, world.random)
    const unmatched = await post(app, early.sharePath, early.proof(await begin(app, early, 'junk')), 'junk')
    expect(unmatched.code).toBe('SHARE_PARSING_FAILED')
    await storeBackup(app, 'junk', pair)
    const one = newExport(pair, world.random)
    const answer = await post(app, one.sharePath, one.proof(await begin(app, one, 'junk')), 'junk')
    expect(one.receive(sealedOf(answer)).value).toEqual(shareOn(pair.other, 'secp256k1').secretShare)
  })

  test('neither a share nor the authorisation is stored in the clear', async () => {
    const app = world.app({ authorizeExport: ALLOWED })
    const backup = await world.newBackup('secrets')
    const one = newExport(backup, world.random)
    await post(app, one.sharePath, one.proof(await begin(app, one, 'secrets')), 'secrets')
    const rows = [
      ...(await world.database.query('select * from reshare_custodian_exports')),
      ...(await world.database.query('select * from reshare_custodian_shares')),
    ]
    const text = inHex(rows)
    for (const half of [backup.client, backup.other]) {
      for (const { secretShare } of half.shares) expect(text).not.toContain(toHex(secretShare))
    }
    expect(text).not.toContain(AUTHORIZATION)
  })
})
