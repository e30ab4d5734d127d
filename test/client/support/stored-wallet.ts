import { generateWallet } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { stage, type Stage } from './devices.ts'

/** How the ECDSA signatures so far were made. */
export function sources({ requests }: Stage['server']): string[] {
  return requests.flatMap((request) =>
    request.kind === 'sign' && request.scheme === 'ecdsa' ? [request.source.kind] : [],
  )
}

/** How many preprocessings were asked for on their own. */
export const preprocessed = ({ requests }: Stage['server']) =>
  requests.filter(({ kind }) => kind === 'preprocess').length

/** A device that has a wallet, and the store it is in. */
export async function withWallet() {
  const { server, device } = stage()
  const storage = memoryStore()
  const phone = device('phone', { storage })
  const { id: walletId, setId } = await generateWallet(phone)
  return { server, device, storage, phone, walletId, setId }
}
