// A wallet from nothing: one device makes it and backs it up, a second one recovers it, and both sign for the same key.
import { createPublicKey, verify } from 'node:crypto'
import { backupWallet, createClient, generateWallet, isMpcError, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

const { RESHARE_URL, RESHARE_TOKEN } = process.env
if (!RESHARE_URL || !RESHARE_TOKEN) throw new Error('RESHARE_URL and RESHARE_TOKEN must be set')

const transport = httpTransport(RESHARE_URL, { headers: () => ({ authorization: `Bearer ${RESHARE_TOKEN}` }) })
const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  // A real device keeps its shares: `fileStore(folder)` of reshare/storage/file, or `indexedDbStore(name)` in a browser.
  const phone = createClient({ transport, storage: memoryStore(), label: 'phone' })
  const wallet = await generateWallet(phone)
  print(`made the wallet ${wallet.id}`)

  const method = password('correct horse battery staple') // in an app: what the user types
  const backup = await backupWallet(phone, { walletId: wallet.id, method })
  // Your backend stores backup.cipherText here. Only then is the backup confirmed.
  await backup.confirm()
  print('backed it up')

  // Another device. It has the cipherText and the password, and no share yet; the phone keeps its own.
  const laptop = createClient({ transport, storage: memoryStore(), label: 'laptop' })
  await recoverWallet(laptop, { cipherText: backup.cipherText, method, existingSets: 'keep' })
  print('recovered it on a second device')

  const message = new TextEncoder().encode('hello')
  for (const device of [phone, laptop]) {
    const { signature } = await sign(device, { walletId: wallet.id, scheme: 'ed25519', message })
    // `sign` has verified it already. This is for whoever gets the signature.
    if (!isSignature(signature, message, wallet.publicKeys.ed25519)) throw new Error('the signature is wrong')
    print(`signed: ${Buffer.from(signature).toString('hex')}`)
  }
}

function isSignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, message, key, signature)
}

await main().catch((error: unknown) => {
  if (!isMpcError(error)) throw error
  // After a retryable error the same call may succeed; the wallet is usable either way.
  process.stderr.write(`${error.code}: ${error.message}${error.retryable ? ' (try again)' : ''}\n`)
  process.exitCode = 1
})
