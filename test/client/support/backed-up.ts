import { backupWallet, generateWallet } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { stage } from './devices.ts'
import { plainMethod } from './plain-method.ts'

/** A wallet of a phone, with a backup that is not confirmed. */
export async function backedUp() {
  const { server, device } = stage()
  const storage = memoryStore()
  const phone = device('phone', { storage })
  const wallet = await generateWallet(phone)
  const backup = await backupWallet(phone, { walletId: wallet.id, method: plainMethod() })
  return { server, device, storage, phone, wallet, backup, walletId: wallet.id, cipherText: backup.cipherText }
}
