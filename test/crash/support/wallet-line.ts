import {
  backupWallet,
  generateWallet,
  MpcError,
  recoverWallet,
  resume,
  type Client,
  type PendingBackup,
  type Wallet,
} from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { signsEcdsa, signsForBothKeys } from '../../support/e2e.ts'
import type { Device, World } from './world.ts'

/** One user's wallet through all that happens to it: the device that has it, and the cipherText that the app stores. */
export interface WalletLine {
  readonly world: World
  readonly wallet: Wallet
  owner: Device
  cipherText: string
}

/** A wallet with a confirmed backup, on one device. */
export async function createLine(world: World): Promise<WalletLine> {
  const owner = world.device('first')
  const client = world.start(owner)
  const wallet = await generateWallet(client)
  const line: WalletLine = { world, wallet, owner, cipherText: '' }
  await storeBackup(line, await backupWallet(client, { walletId: wallet.id, method: world.method }))
  return line
}

/** What an app does with a new backup: store it, then say so. */
export async function storeBackup(line: WalletLine, backup: PendingBackup): Promise<void> {
  line.cipherText = backup.cipherText
  await backup.confirm()
}

/** Signs by every scheme for a wallet's public keys. */
export async function signsAll(client: Client, { id, publicKeys }: Wallet): Promise<void> {
  const message = utf8('still here')
  await signsForBothKeys(client, id, publicKeys, message)
  await signsEcdsa(client, id, publicKeys, message)
}

/** Whether a device, started anew, signs for the wallet's public keys by every scheme. */
export async function signs({ world, wallet }: WalletLine, device: Device): Promise<boolean> {
  const client = world.start(device)
  return succeeds(async () => {
    const known = (await resume(client)).some((report) => report.walletId === wallet.id && 'wallet' in report)
    if (known) await signsAll(client, wallet)
    return known
  })
}

/** Whether the stored cipherText gives a device a set that signs. */
export async function recovers(line: WalletLine, device: Device): Promise<boolean> {
  const { world, cipherText } = line
  const recovered = await succeeds(async () => {
    await recoverWallet(world.start(device), { cipherText, method: world.method, existingSets: 'keep' })
    return true
  })
  return recovered && signs(line, device)
}

async function succeeds(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MpcError) return false
    throw error
  }
}

/** Old material that was given up although nothing has proven to work in its place (invariant I4). */
export async function unprovenRetirements({ world: { database }, wallet }: WalletLine): Promise<number> {
  const rows = await database.query(
    `select old.set_id from reshare_sets old
     where old.wallet_id = $1 and old.purpose = 'signing' and old.state in ('RETIRING', 'DESTROYED')
       and not exists (select 1 from reshare_retirements planned join reshare_sets heir on heir.set_id = planned.set_id
         where planned.old_set_id = old.set_id and heir.proven_at is not null)`,
    [wallet.id],
  )
  return rows.length
}
