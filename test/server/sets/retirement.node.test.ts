import { expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { confirmSet, play, setStatus, type ServerClient } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { backup, newBackup, newWallet, prove, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

const stateOf = async (client: ServerClient, set: WalletShares) => (await setStatus(client, setIdOf(set))).state
const recovered = async (client: ServerClient, half: WalletShares, existingSets: 'keep' | 'retire') =>
  (await play(recover(client, half, { existingSets }))).prepared[0]!

test('a signature proves nothing: whoever asks for one without the share retires nobody', async () => {
  const client = world.client()
  const phone = await newWallet(client)
  const laptop = await recovered(client, await newBackup(client, phone), 'retire')
  const shares = laptop.shares.map((share) => {
    const secretShare = getGroup(share.record.curve).randomScalar(world.random)
    return { ...share, secretShare }
  })
  expect((await sign(client, { ...laptop, shares }).post()).status).toBe(200)
  expect(await setStatus(client, setIdOf(laptop))).toMatchObject({ proven: false, lastUsedAt: expect.any(String) })
  await play(sign(client, phone.signing))
  expect((await play(prove(client, laptop))).result?.retired).toEqual([setIdOf(phone.signing)])
  expect(await setStatus(client, setIdOf(laptop))).toMatchObject({ proven: true })
  await expect(play(sign(client, phone.signing))).rejects.toMatchObject({ code: 'SET_RETIRED' })
})

test('a set that is refreshed before its proof hands on what it owes', async () => {
  const client = world.client()
  const lost = await newWallet(client)
  const half = await newBackup(client, lost)
  const stolen = (await play(backup(client, lost))).prepared[0]!
  const first = await recovered(client, half, 'retire')
  const second = (await play(refresh(client, { walletId: lost.walletId, signing: first }))).prepared[0]!
  const third = (await play(refresh(client, { walletId: lost.walletId, signing: second }))).prepared[0]!
  const { result } = await play(prove(client, third))
  expect(result?.retired).toEqual([lost.signing, first, second].map(setIdOf).toSorted())
  await expect(play(sign(client, lost.signing))).rejects.toMatchObject({ code: 'SET_RETIRED' })
  expect(await stateOf(client, stolen)).toBe('DESTROYED')
  await play(sign(client, third))
})

test('a refresh after the proof owes nothing of what is done', async () => {
  const client = world.client()
  const lost = await newWallet(client)
  const first = await recovered(client, await newBackup(client, lost), 'retire')
  await play(prove(client, first))
  const second = (await play(refresh(client, { walletId: lost.walletId, signing: first }))).prepared[0]!
  expect((await play(prove(client, second))).result?.retired).toEqual([setIdOf(first)])
})

test('backups that a lost device made and nobody confirmed end with it; confirmed ones stay', async () => {
  const client = world.client()
  const lost = await newWallet(client)
  const half = await newBackup(client, lost)
  const thief = (await play(backup(client, lost))).prepared[0]!
  const passkey = (await play(backup(client, lost, 'PASSKEY'))).prepared[0]!
  await confirmSet(client, setIdOf(passkey))
  const laptop = await recovered(client, half, 'retire')
  const own = (await play(backup(client, { walletId: lost.walletId, signing: laptop }))).prepared[0]!
  await play(prove(client, laptop))
  await expect(play(recover(client, thief))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
  await expect(confirmSet(client, setIdOf(thief))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
  for (const kept of [half, passkey, own]) await play(recover(client, kept))
})

test('the unconfirmed backup that was recovered from is the way back, and stays', async () => {
  const client = world.client()
  const lost = await newWallet(client)
  const half = (await play(backup(client, lost))).prepared[0]!
  const first = await recovered(client, half, 'retire')
  const second = (await play(refresh(client, { walletId: lost.walletId, signing: first }))).prepared[0]!
  await play(prove(client, second))
  expect(await stateOf(client, lost.signing)).toBe('DESTROYED')
  await play(recover(client, half))
})

test('a refresh is no loss: the unconfirmed backup of the old set stays', async () => {
  const client = world.client()
  const phone = await newWallet(client)
  const half = (await play(backup(client, phone))).prepared[0]!
  const fresh = (await play(refresh(client, phone))).prepared[0]!
  await play(prove(client, fresh))
  await confirmSet(client, setIdOf(half))
  await play(recover(client, half))
})

test('confirming a backup ends the older ones of its method, confirmed or not', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const older = (await play(backup(client, wallet))).prepared[0]!
  const passkey = (await play(backup(client, wallet, 'PASSKEY'))).prepared[0]!
  const undecided = backup(client, wallet)
  for (const _ of [1, 2]) undecided.take(await undecided.post())
  const newer = await newBackup(client, wallet)
  await expect(play(recover(client, older))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
  await expect(confirmSet(client, setIdOf(older))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
  for (const kept of [passkey, newer]) await play(recover(client, kept))
  await play(undecided)
})
