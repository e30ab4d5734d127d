import {
  backupWallet,
  generateWallet,
  getWallet,
  recoverWallet,
  type Client,
  type PendingBackup,
} from '../../../src/index.ts'
import { signs, type WalletLine } from './wallet-line.ts'
import type { Device, World } from './world.ts'
import { findBrokenInvariants } from './data-loss.ts'

/** A wallet on two devices, and all the backups that its app has stored. */
export interface DeviceGroup extends WalletLine {
  /** A device with a signing set of its own beside the owner's. */
  readonly second: Device
  /** The stored cipherTexts by their sets. */
  readonly stored: Map<string, string>
}

export async function createDeviceGroup(world: World): Promise<DeviceGroup> {
  const [owner, second] = [world.device('first'), world.device('second')]
  const client = world.start(owner)
  const wallet = await generateWallet(client)
  const deviceGroup: DeviceGroup = { world, wallet, owner, second, cipherText: '', stored: new Map() }
  await keepBackup(deviceGroup, await backupWallet(client, { walletId: wallet.id, method: world.method }))
  await joins(deviceGroup, second)
  return deviceGroup
}

/** What an app does with a new backup: store it beside the others, then say so. */
export async function keepBackup(deviceGroup: DeviceGroup, backup: PendingBackup): Promise<void> {
  deviceGroup.stored.set(backup.setId, backup.cipherText)
  await backup.confirm()
  await chooseBackup(deviceGroup)
}

/** Fetches the cipherText that counts by now: of the newest backup that the server calls active. */
export async function chooseBackup(deviceGroup: DeviceGroup): Promise<void> {
  const { world, wallet, stored } = deviceGroup
  const [newest] = await world.database.query(
    `select set_id from reshare_sets where wallet_id = $1 and purpose = 'backup' and state = 'ACTIVE'
     order by ordinal desc limit 1`,
    [wallet.id],
  )
  const cipherText = stored.get(String(newest?.['set_id']))
  if (cipherText === undefined) throw new Error('no backup that the app has stored is active')
  deviceGroup.cipherText = cipherText
}

/** Gives a device a set of its own, as its user would who is told to recover. */
export async function joins({ world, cipherText }: DeviceGroup, device: Device): Promise<Client> {
  const client = world.start(device)
  await recoverWallet(client, { cipherText, method: world.method, existingSets: 'keep' })
  return client
}

/** The set that a device signs with. */
export async function setOf({ world, wallet }: DeviceGroup, device: Device): Promise<string> {
  return (await getWallet(world.start(device), { walletId: wallet.id })).setId
}

/** What is wrong with a device: it signs, or, if its set may have ended, recovers and then signs. */
export async function findUnusable(deviceGroup: DeviceGroup, device: Device, mayHaveEnded: boolean): Promise<string[]> {
  if (await signs(deviceGroup, device)) return []
  if (!mayHaveEnded) return [`${device.label} cannot sign`]
  const problem = await joins(deviceGroup, device).then(
    () => undefined,
    (error: unknown) => `${device.label} cannot recover: ${String(error)}`,
  )
  if (problem !== undefined) return [problem]
  return (await signs(deviceGroup, device)) ? [] : [`${device.label} has recovered and cannot sign`]
}

/** A device that a refused action has invited may have no set: done again, it invites another one. What has a share must sign. */
export async function keepThoseWithShares(devices: Device[]): Promise<void> {
  const shares = await Promise.all(devices.map(({ storage }) => storage.list('share/')))
  devices.splice(0, devices.length, ...devices.filter((_, i) => shares[i]!.length > 0))
}

export async function findServerDataLoss({ world }: DeviceGroup): Promise<string[]> {
  const dataLoss = await world.recorder.cross()
  await world.settleServer()
  return [...dataLoss, ...(await findBrokenInvariants(world))]
}
