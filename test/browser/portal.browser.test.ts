import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { server as browser } from 'vitest/browser'
import { expect, inject, test } from 'vitest'
import { createClient, custodianBackups, listWallets, type PublicKeys, type Transport } from '../../src/index.ts'
import { sealedTransport } from '../../src/channel/index.ts'
import { BackupMethods, Portal } from '../../src/portal/index.ts'
import { indexedDbStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { bytesToNumberLE } from '@noble/curves/utils.js'
import { fromHex, utf8 } from '../../src/util/bytes.ts'
import { signsForBothKeys } from '../support/e2e.ts'

test.each(['plain', 'sealed'])(
  "over a %s transport a wallet goes through its life by the calls of Portal, with the custodian's backups",
  async (kind) => {
    const { url, backendUrl, tokens, channelKey } = inject('server')
    const userId = `${browser.browser} ${kind}`
    const authorization = `Bearer ${tokens[userId]}`
    const headers = () => ({ authorization })
    const custodian = httpTransport(backendUrl, { headers })
    const device = (label: string) => {
      const storage = indexedDbStore(`portal-${kind}-${label}`)
      const transport: Transport =
        kind === 'plain'
          ? httpTransport(url, { headers })
          : sealedTransport({ transport: httpTransport(url), serverKey: fromHex(channelKey), storage, headers })
      const client = createClient({ transport, storage, label, pool: { size: 0 } })
      const passwordOptions = { insecureTestCost: { memoryKiB: 64, passes: 1 } }
      return {
        client,
        portal: new Portal({ client, custodian, backups: custodianBackups(custodian), passwordOptions }),
      }
    }
    const signs = async ({ client }: ReturnType<typeof device>, keys: PublicKeys) => {
      const [wallet] = await listWallets(client)
      await signsForBothKeys(client, wallet!.id, keys, utf8('a message'))
    }

    const [phone, laptop] = [device('phone'), device('laptop')]
    const keys = await phone.portal.createWallet()
    phone.portal.setPassword('secret')
    const { cipherText, setId, storageCallback } = await phone.portal.backupWallet(BackupMethods.Password)
    const stored = await fetch(`${backendUrl}/users/${encodeURIComponent(userId)}/encrypted-user-backup-shares`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ backupMethod: BackupMethods.Password, cipherText, setId }),
    })
    expect(stored.status).toBe(204)
    await storageCallback()

    expect(await laptop.portal.availableRecoveryMethods()).toEqual([BackupMethods.Password])
    laptop.portal.setPassword('secret')
    expect(await laptop.portal.recoverWallet('', BackupMethods.Password)).toEqual(keys)
    await Promise.all([signs(phone, keys), signs(laptop, keys)])

    const { SECP256K1, ED25519 } = await laptop.portal.ejectPrivateKeys(
      '',
      BackupMethods.Password,
      undefined,
      'the user said so',
    )
    expect(secp256k1.getPublicKey(fromHex(SECP256K1))).toEqual(keys.secp256k1)
    const scalar = bytesToNumberLE(fromHex(ED25519))
    expect(ed25519.Point.BASE.multiply(scalar).toBytes()).toEqual(keys.ed25519)
    await laptop.portal.clearLocalWallet()
    expect(await laptop.portal.isWalletOnDevice()).toBe(false)
  },
)
