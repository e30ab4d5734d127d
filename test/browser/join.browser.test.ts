import { server as browser } from 'vitest/browser'
import { expect, inject, test } from 'vitest'
import { sealedTransport } from '../../src/channel/index.ts'
import { importWallet } from '../../src/import.ts'
import { createClient, findWallets, listDevices } from '../../src/index.ts'
import { inviteDevice, joinWallet } from '../../src/join.ts'
import { indexedDbStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { fromHex, utf8 } from '../../src/util/bytes.ts'
import { signsEcdsa, signsForBothKeys } from '../support/e2e.ts'

test.each(['plain', 'sealed'])(
  'over a %s transport a key is imported, found, and used by a device that joins',
  async (kind) => {
    const { url, tokens, channelKey } = inject('server')
    const headers = () => ({ authorization: `Bearer ${tokens[browser.browser]}` })
    const device = (label: string) => {
      const storage = indexedDbStore(`join-${kind}-${label}`)
      const transport =
        kind === 'plain'
          ? httpTransport(url, { headers })
          : sealedTransport({ transport: httpTransport(url), serverKey: fromHex(channelKey), storage, headers })
      return createClient({ transport, storage, label })
    }
    const [phone, tablet] = [device('phone'), device('tablet')]
    const privateKey = crypto.getRandomValues(new Uint8Array(32))
    privateKey[0]! &= 0x7f
    const wallet = await importWallet(phone, { secp256k1: { privateKey } })

    const joining = await joinWallet(tablet, { publicKeys: wallet.publicKeys })
    const invited = await inviteDevice(phone, { walletId: wallet.id, code: joining.code, label: 'tablet' })
    const joined = await joining.done
    expect(joined).toEqual({ ...wallet, setId: invited.setId })
    for (const client of [phone, tablet]) {
      await signsForBothKeys(client, wallet.id, wallet.publicKeys, utf8('both devices sign'))
      await signsEcdsa(client, wallet.id, wallet.publicKeys, utf8('both devices sign'))
    }

    const found = (await findWallets(tablet)).find(({ id }) => id === wallet.id)
    expect(found?.publicKeys).toEqual(wallet.publicKeys)
    expect(found?.importedAt).not.toBe(null)
    expect(found?.signingSets.map(({ setId }) => setId)).toEqual([wallet.setId, invited.setId])
    const devices = kind === 'plain' ? [] : await listDevices(phone)
    expect(devices.some(({ deviceId }) => deviceId === invited.deviceId)).toBe(kind === 'sealed')
  },
)
