import { backupWallet, createClient, generateWallet, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

export async function twoDevices(url: string, token: string, onProgress: (progress: { fraction: number }) => void) {
  const transport = httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) })
  const phone = createClient({ transport, storage: memoryStore(), label: 'phone' })
  const wallet = await generateWallet(phone, { onProgress })
  const method = password('correct horse battery staple')
  const { cipherText, confirm } = await backupWallet(phone, { walletId: wallet.id, method })
  await confirm() // once your own server has stored the cipherText

  const laptop = createClient({ transport, storage: memoryStore(), label: 'laptop' })
  await recoverWallet(laptop, { cipherText, method, existingSets: 'keep', onProgress })
  const message = new TextEncoder().encode('both devices sign for the same public keys')
  const fromPhone = await sign(phone, { walletId: wallet.id, scheme: 'ed25519', message })
  const fromLaptop = await sign(laptop, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'keccak256' })
  return { wallet, message, fromPhone, fromLaptop }
}
