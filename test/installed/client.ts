// A program of a wallet app, which scripts/check-installed.mjs compiles as its author would.
import { backupWallet, createClient, generateWallet, recoverWallet, sign, type ClientOptions } from 'reshare'
import { custom, password, type AgeIdentity } from 'reshare/backup'
import { sealedTransport } from 'reshare/channel'
import { isMpcError } from 'reshare/errors'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport, type Transport } from 'reshare/transport'

const token = async () => ({ authorization: 'Bearer token' })

/** A transport of the app's own. */
export const ownTransport = (send: typeof fetch): Transport => httpTransport('https://signing.example', { fetch: send })

export async function wallet(serverKey: Uint8Array, identity: CryptoKey): Promise<unknown> {
  const options: ClientOptions = {
    transport: sealedTransport({
      transport: httpTransport('https://signing.example'),
      serverKey,
      storage: indexedDbStore('keys'),
      headers: token,
    }),
    storage: indexedDbStore('app'),
    label: 'phone',
  }
  const client = createClient(options)
  const { id } = await generateWallet(client)
  const identities: readonly AgeIdentity[] = [identity]
  const method = custom({ identities })
  const { cipherText, confirm } = await backupWallet(client, { walletId: id, method })
  await confirm()
  try {
    await recoverWallet(client, { cipherText, method: password('secret'), existingSets: 'keep' })
  } catch (error) {
    if (!isMpcError(error, 'WRONG_PASSWORD')) throw error
  }
  const message: Uint8Array = new TextEncoder().encode('message')
  return sign(client, { walletId: id, scheme: 'ed25519', message })
}
