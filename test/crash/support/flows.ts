import { backupWallet, recoverWallet, refreshShares, type Client } from '../../../src/index.ts'
import { recovers, signs, storeBackup, type WalletLine } from './wallet-line.ts'
import type { Device } from './world.ts'

/** Something that a user does with a wallet, in which a process may end. */
export interface Flow {
  readonly name: string
  /** Whether it runs on a device that is new to the wallet. */
  readonly newDevice: boolean
  /** Whether the set that the wallet had before must sign whatever happens. */
  readonly keepsOwner: boolean
  /** Whether it makes a new backup. */
  readonly changesBackup: boolean
  run(client: Client, line: WalletLine): Promise<unknown>
}

export const flows: readonly Flow[] = [
  {
    name: 'backup',
    newDevice: false,
    keepsOwner: true,
    changesBackup: true,
    run: async (client, line) =>
      storeBackup(line, await backupWallet(client, { walletId: line.wallet.id, method: line.world.method })),
  },
  {
    name: 'recover keep',
    newDevice: true,
    keepsOwner: true,
    changesBackup: false,
    run: (client, { cipherText, world: { method } }) =>
      recoverWallet(client, { cipherText, method, existingSets: 'keep' }),
  },
  {
    name: 'recover retire',
    newDevice: true,
    keepsOwner: false,
    changesBackup: false,
    run: (client, { cipherText, world: { method } }) =>
      recoverWallet(client, { cipherText, method, existingSets: 'retire' }),
  },
  {
    name: 'recover rotate',
    newDevice: true,
    keepsOwner: true,
    changesBackup: true,
    run: async (client, line) => {
      const { cipherText, world } = line
      const rotate = { method: world.method, existingSets: 'keep', rotateBackup: true } as const
      const { backup } = await recoverWallet(client, { cipherText, ...rotate })
      await storeBackup(line, backup!)
    },
  },
  {
    name: 'refresh',
    newDevice: false,
    keepsOwner: true,
    changesBackup: false,
    run: (client, { wallet }) => refreshShares(client, { walletId: wallet.id }),
  },
]

export function flowNamed(name: string): Flow {
  return flows.find((flow) => flow.name === name)!
}

/**
 * What is wrong with a wallet after a process has ended and everything has been started again.
 *
 * The line goes on with whatever device can sign.
 *
 * @param device where the flow ran
 * @param wiped whether that device has lost all it stored
 */
export async function findLosses(line: WalletLine, flow: Flow, device: Device, wiped: boolean): Promise<string[]> {
  const losses: string[] = []
  const before = line.owner
  const ownerSigns = await signs(line, before)
  const deviceSigns = device === before ? ownerSigns : await signs(line, device)
  if (flow.keepsOwner && !ownerSigns) losses.push('the device that had the wallet cannot sign')
  // Whoever recovers to retire, finishes, and then loses the device, is left with the backup alone.
  const left = ownerSigns || deviceSigns || (wiped && (await isProven(line)))
  if (!left) losses.push('no set signs')
  if (flow.newDevice && !deviceSigns && !(await recovers(line, device))) losses.push('the device cannot recover again')
  if (flow.changesBackup && !(await recovers(line, line.world.device('spare')))) {
    losses.push('the stored backup does not recover')
  }
  line.owner = ownerSigns ? before : device
  return losses
}

async function isProven({ world: { database }, wallet }: WalletLine): Promise<boolean> {
  const [newest] = await database.query(
    `select proven_at from reshare_sets where wallet_id = $1 and purpose = 'signing' and committed_at is not null
     order by ordinal desc limit 1`,
    [wallet.id],
  )
  return newest?.['proven_at'] !== null
}
