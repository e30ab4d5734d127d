import { expect, test } from 'vitest'
import * as reshare from '../../src/index.ts'
import * as remote from '../../src/remote/index.ts'
import { serve } from './support/served.ts'

const PLAIN = { type: 'plain', password: 'secret' }

test('a wallet is made, backed up, recovered, refreshed and used over a port of strings', async () => {
  const { remote: client, local, stored, errors } = serve()
  const statuses: string[] = []
  const onProgress = ({ status }: reshare.Progress) => void statuses.push(status)
  const wallet = await remote.generateWallet(client, { onProgress })
  expect(wallet).toEqual(await reshare.getWallet(local, { walletId: wallet.id }))
  expect(new Set(statuses)).toEqual(new Set(['Generating share', 'Parsing share', 'Storing share', 'Done']))

  const backup = await remote.backupWallet(client, { walletId: wallet.id, method: PLAIN })
  stored.push(backup.cipherText)
  expect(Object.keys(backup).sort()).toEqual(['cipherText', 'confirm', 'setId'])
  await backup.confirm()
  expect(await remote.confirmBackup(client, { setId: backup.setId })).toBe(undefined)

  const found = await remote.recoverWallet(client, { ...backup, method: PLAIN, existingSets: 'keep', dryRun: true })
  expect(found).toEqual({ id: wallet.id, publicKeys: wallet.publicKeys })
  const recovered = await remote.recoverWallet(client, {
    backups: { type: 'stored' },
    method: PLAIN,
    existingSets: 'retire',
    rotateBackup: { type: 'plain', password: 'another' },
    publicKeys: wallet.publicKeys,
    walletId: wallet.id,
  })
  expect(recovered).toMatchObject({ id: wallet.id, publicKeys: wallet.publicKeys })
  await recovered.backup!.confirm()
  const { cipherText } = recovered.backup!
  expect(
    await remote.provisionWallet(client, { cipherText, method: { type: 'plain', password: 'another' } }),
  ).toMatchObject({ id: wallet.id })
  const refreshed = await remote.refreshShares(client, { walletId: wallet.id })
  expect(await remote.listWallets(client)).toEqual([refreshed])
  expect(await remote.resume(client)).toEqual([{ walletId: wallet.id, outcome: 'READY', wallet: refreshed }])

  const message = Uint8Array.of(1, 2, 3)
  const walletId = wallet.id
  for (const statement of [
    { scheme: 'ed25519', message },
    { scheme: 'bip340', message, tapTweak: new Uint8Array(0) },
    { scheme: 'ecdsa', message, hash: 'sha256', path: 'm/1' },
    { scheme: 'ecdsa', digest: new Uint8Array(32).fill(1) },
  ] as const) {
    const signature = await remote.sign(client, { walletId, ...statement })
    expect(signature.setId).toBe(refreshed.setId)
    expect('recovery' in signature).toBe(statement.scheme === 'ecdsa')
  }
  expect(await remote.preprocessSignatures(client, { walletId, count: 1 })).toBe(1)
  const curve = 'secp256k1'
  expect(await remote.getPublicKey(client, { walletId, curve, path: 'm/1' })).toEqual(
    await reshare.getPublicKey(local, { walletId, curve, path: 'm/1' }),
  )
  expect(await remote.getExtendedPublicKey(client, { walletId })).toEqual(
    await reshare.getExtendedPublicKey(local, { walletId }),
  )
  expect(await remote.listSets(client, { walletId })).toEqual(await reshare.listSets(local, { walletId }))
  await remote.retireSet(client, { walletId, setId: refreshed.setId })
  await remote.removeShare(client, { walletId })
  expect(await remote.listWallets(client)).toEqual([])
  expect(errors).toEqual([])
})

test('a recovered wallet says what limits its set, as the local action does', async () => {
  const { remote: client, local } = serve()
  const { id: walletId } = await remote.generateWallet(client)
  const backup = await remote.backupWallet(client, { walletId, method: PLAIN })
  await backup.confirm()
  const limits = { scope: 'kiosk', expiresAt: new Date(Date.now() + 3_600_000).toISOString() }
  const { cipherText } = backup
  const recovered = await remote.recoverWallet(client, { cipherText, method: PLAIN, existingSets: 'keep', ...limits })
  expect(recovered).toMatchObject(limits)
  expect(recovered).toEqual(await reshare.getWallet(local, { walletId }))
})
