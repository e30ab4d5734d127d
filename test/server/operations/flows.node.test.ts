import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import type { SetStatus } from '../../../src/wire/operations.ts'
import { getGroup } from '../../../src/curve/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { confirmSet, getJson, play, retireSet, setStatus, type ServerClient } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { backup, generate, newBackup, newWallet, prove, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

const publicKey = (shares: WalletShares, index: 0 | 1): Uint8Array => {
  const { curve, publicKey } = shares.shares[index]!.record
  return getGroup(curve).encodePoint(publicKey)
}

/** Signs by both schemes and lets noble judge. */
async function expectSigns(client: ServerClient, signing: WalletShares): Promise<void> {
  const message = utf8('a message')
  const bip340 = await play(sign(client, signing, 'bip340'))
  expect(schnorr.verify(bip340.signature!, message, publicKey(signing, 0).slice(1))).toBe(true)
  const edwards = await play(sign(client, signing, 'ed25519'))
  expect(ed25519.verify(edwards.signature!, message, publicKey(signing, 1), { zip215: false })).toBe(true)
}

describe.each(databaseKinds)('flows on $name', ({ open }) => {
  let world: World
  fileWorld((made) => (world = made), open)

  test('a generated wallet signs with both schemes, on two servers in turn', async () => {
    const client = world.client([world.server(), world.server()])
    const operation = await play(generate(client))
    const [signing] = operation.prepared as [WalletShares]
    expect(operation.result).toEqual({ setId: setIdOf(signing), state: 'ACTIVE' })
    expect(await setStatus(client, setIdOf(signing))).toMatchObject({ state: 'ACTIVE', proven: false, label: 'phone' })
    await expectSigns(client, signing)
    expect(await setStatus(client, setIdOf(signing))).toMatchObject({ proven: false, lastUsedAt: expect.any(String) })
    expect((await play(prove(client, signing))).result).toMatchObject({ retired: [] })
    expect(await setStatus(client, setIdOf(signing))).toMatchObject({ proven: true })
  })

  test('a backup waits for its confirmation; the server keeps no share of it', async () => {
    const client = world.client([world.server(), world.server()])
    const wallet = await newWallet(client)
    const operation = await play(backup(client, wallet))
    const [half] = operation.prepared as [WalletShares]
    expect(operation.result).toEqual({ setId: setIdOf(half), state: 'PREPARED' })
    expect(world.custodian.halves.get(client.clientId)).toHaveLength(1)
    expect(await world.database.query('select 1 from reshare_shares where set_id = $1', [setIdOf(half)])).toEqual([])
    expect(await confirmSet(client, setIdOf(half))).toMatchObject({ state: 'ACTIVE', backupMethod: 'PASSWORD' })
    expect(await confirmSet(client, setIdOf(half))).toMatchObject({ state: 'ACTIVE' })
  })

  test('a recovered set signs beside the old one, for the same keys', async () => {
    const client = world.client([world.server(), world.server()])
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const operation = await play(recover(client, half))
    const [laptop] = operation.prepared as [WalletShares]
    expect(operation.result).toEqual({ setId: setIdOf(laptop), state: 'ACTIVE' })
    expect(publicKey(laptop, 0)).toEqual(publicKey(wallet.signing, 0))
    expect(publicKey(laptop, 1)).toEqual(publicKey(wallet.signing, 1))
    await expectSigns(client, laptop)
    await expectSigns(client, wallet.signing)
    const { sets } = await getJson<{ sets: SetStatus[] }>(client, paths.sets(wallet.walletId))
    expect(sets.map(({ setId, purpose, state }) => [setId, purpose, state])).toEqual([
      [setIdOf(wallet.signing), 'signing', 'ACTIVE'],
      [setIdOf(half), 'backup', 'ACTIVE'],
      [setIdOf(laptop), 'signing', 'ACTIVE'],
    ])
  })

  test('an unconfirmed backup recovers: who opens its cipherText has it', async () => {
    const client = world.client()
    const [half] = (await play(backup(client, await newWallet(client)))).prepared as [WalletShares]
    await expectSigns(client, (await play(recover(client, half))).prepared[0]!)
  })

  test('a lost device is retired by the proof of the new one', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const [second] = (await play(recover(client, half))).prepared as [WalletShares]
    const [laptop] = (await play(recover(client, half, { existingSets: 'retire' }))).prepared as [WalletShares]
    await expectSigns(client, wallet.signing)

    const older = [setIdOf(wallet.signing), setIdOf(second)].toSorted()
    await expectSigns(client, laptop)
    await expectSigns(client, wallet.signing)
    expect((await play(prove(client, laptop))).result).toEqual({
      setId: setIdOf(laptop),
      state: 'ACTIVE',
      retired: older,
    })
    for (const old of [wallet.signing, second]) {
      await expect(play(sign(client, old))).rejects.toMatchObject({ code: 'SET_RETIRED' })
      expect(await setStatus(client, setIdOf(old))).toMatchObject({ state: 'DESTROYED' })
      expect(await world.database.query('select 1 from reshare_shares where set_id = $1', [setIdOf(old)])).toEqual([])
    }
    await expectSigns(client, laptop)
  })

  test('refreshing replaces one set once the new one is proven', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const [laptop] = (await play(recover(client, half))).prepared as [WalletShares]
    const [fresh] = (await play(refresh(client, wallet))).prepared as [WalletShares]
    await expectSigns(client, wallet.signing)
    expect((await play(prove(client, fresh))).result?.retired).toEqual([setIdOf(wallet.signing)])
    await expect(play(sign(client, wallet.signing))).rejects.toMatchObject({ code: 'SET_RETIRED' })
    await expectSigns(client, fresh)
    await expectSigns(client, laptop)
  })

  test('refreshing a set does not escape its retirement', async () => {
    const client = world.client()
    const stolen = await newWallet(client)
    const half = await newBackup(client, stolen)
    const [laptop] = (await play(recover(client, half, { existingSets: 'retire' }))).prepared as [WalletShares]
    const [escaped] = (await play(refresh(client, stolen))).prepared as [WalletShares]
    await play(prove(client, laptop))
    await expect(play(sign(client, escaped))).rejects.toMatchObject({ code: 'SET_RETIRED' })
    await expect(play(sign(client, stolen.signing))).rejects.toMatchObject({ code: 'SET_RETIRED' })
    await expectSigns(client, laptop)
  })

  test('a rotated backup takes the place of the old one when it is confirmed, not before', async () => {
    const client = world.client()
    const half = await newBackup(client, await newWallet(client))
    const operation = await play(recover(client, half, { rotateBackup: 'PASSWORD' }))
    const [laptop, rotated] = operation.prepared as [WalletShares, WalletShares]
    expect(operation.result).toEqual({ setId: setIdOf(laptop), state: 'ACTIVE', backupSetId: setIdOf(rotated) })
    await expectSigns(client, laptop)
    await play(recover(client, half))
    await confirmSet(client, setIdOf(rotated))
    await expect(play(recover(client, half))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
    await expect(confirmSet(client, setIdOf(half))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
    await expectSigns(client, (await play(recover(client, rotated))).prepared[0]!)
  })

  test('a newer backup with the same method takes the place of the older', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const first = await newBackup(client, wallet)
    const second = await newBackup(client, wallet)
    await expect(play(recover(client, first))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
    await play(recover(client, second))
  })

  test('a dry run changes nothing anywhere', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const kept = world.custodian.halves.get(client.clientId)!.length
    const count = async () => (await world.database.query('select set_id, state from reshare_sets order by 1')).length
    const before = await count()
    const dry = recover(client, half, { dryRun: true, existingSets: 'retire', rotateBackup: 'PASSWORD' })
    expect((await play(dry)).result).toMatchObject({ state: 'PREPARED', setId: setIdOf(dry.prepared[0]!) })
    expect(await count()).toBe(before)
    expect(world.custodian.halves.get(client.clientId)).toHaveLength(kept)
    await expect(setStatus(client, setIdOf(dry.prepared[0]!))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await expectSigns(client, wallet.signing)
  })

  test('the last set that can sign is retired only with a confirmed backup', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const id = setIdOf(wallet.signing)
    await expect(retireSet(client, id)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await play(backup(client, wallet))
    await expect(retireSet(client, id)).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const half = await newBackup(client, wallet)
    expect(await retireSet(client, id)).toMatchObject({ state: 'DESTROYED' })
    expect(await retireSet(client, id)).toMatchObject({ state: 'DESTROYED' })
    await expect(play(sign(client, wallet.signing))).rejects.toMatchObject({ code: 'SET_RETIRED' })
    await expectSigns(client, (await play(recover(client, half))).prepared[0]!)
  })

  test('a set that has not proven itself does not stand in for the last one', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const [fresh] = (await play(refresh(client, wallet))).prepared as [WalletShares]
    await expect(retireSet(client, setIdOf(wallet.signing))).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    await play(prove(client, fresh))
    await expect(retireSet(client, setIdOf(fresh))).rejects.toMatchObject({ code: 'POLICY_DENIED' })
  })
})
