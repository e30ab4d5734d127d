import {
  backupWallet,
  createClient,
  custodianBackups,
  findWallets,
  generateWallet,
  listDevices,
  listSets,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  revokeDevice,
  sign,
  type Client,
  type Curve,
  type FoundWallet,
  type Progress,
  type SignParameters,
  type Wallet,
} from 'reshare'
import type { ExportedKey } from 'reshare/export'
import { deviceId, sealedTransport } from 'reshare/channel'
import { inviteDevice, joinWallet } from 'reshare/join'
import { httpTransport } from 'reshare/transport'
import type { DeviceConfiguration } from '../configuration.ts'
import { openingMethod, sealingMethod, type MethodChoice, type MethodKind } from './backup-methods.ts'
import { openDeviceStore, turnLockOn } from './device-store.ts'

/** How an action is run: its progress, and a signal that ends it. */
export interface Running {
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

/** The wallet of this device. Components use the client through this object alone. */
export type WalletClient = Awaited<ReturnType<typeof openWalletClient>>

/** What was found on this device when the page was opened. */
export interface StoredWallet {
  readonly wallet: Wallet | undefined
  /** Why the wallet that is stored here cannot be used. */
  readonly problem: unknown
}

/** Opens this device's store, and the way to the servers. */
export async function openWalletClient(configuration: DeviceConfiguration) {
  const { device, signingServer, serverKey, token, app, userId, session } = configuration
  const { storage, lock } = openDeviceStore(configuration)
  const transport = sealedTransport({
    transport: httpTransport(signingServer),
    serverKey: Uint8Array.from(serverKey.match(/../g)!, (byte) => parseInt(byte, 16)),
    storage,
    headers: () => ({ authorization: `Bearer ${token}` }),
  })
  const client: Client = createClient({ transport, storage, label: device })
  const login = { authorization: `Bearer ${session}` }
  const cipherTexts = `${app}/users/${userId}/encrypted-user-backup-shares`
  const backups = custodianBackups(httpTransport(app, { headers: () => login }))

  return {
    client,
    configuration,
    deviceId: () => deviceId(storage),

    /** Finishes what an earlier page left open. */
    async stored(): Promise<StoredWallet> {
      const resumed = await resume(client)
      const usable = resumed.find((entry) => 'wallet' in entry)
      const failed = resumed.find(({ outcome }) => outcome === 'FAILED')
      return {
        wallet: usable && 'wallet' in usable ? usable.wallet : undefined,
        problem: failed && 'error' in failed ? failed.error : undefined,
      }
    },

    find: () => findWallets(client),
    generate: (running: Running) => generateWallet(client, running),

    /** Seals a backup, stores it with the app, and confirms it. */
    async backUp(walletId: string, choice: MethodChoice, running: Running): Promise<void> {
      const method = await sealingMethod(choice, configuration)
      const { cipherText, setId, confirm } = await backupWallet(client, { walletId, method, ...running })
      const response = await fetch(cipherTexts, {
        method: 'PUT',
        headers: { ...login, 'content-type': 'application/json' },
        body: JSON.stringify({ backupMethod: method.name, cipherText, setId }),
      })
      if (!response.ok) throw new Error(`The app did not store the backup (${response.status}).`)
      await confirm()
    },

    recover(
      walletId: string,
      choice: MethodChoice,
      existingSets: 'keep' | 'retire',
      running: Running,
    ): Promise<Wallet> {
      const method = openingMethod(choice, configuration)
      return recoverWallet(client, { backups, walletId, method, existingSets, ...running })
    },

    /** The newest backup of a kind: guardians need it. */
    async cipherText(kind: MethodKind): Promise<string> {
      const response = await fetch(`${cipherTexts}?backupMethod=${kind}`, { headers: login })
      if (!response.ok) throw new Error(`The app has no such backup (${response.status}).`)
      return ((await response.json()) as { cipherText: string }).cipherText
    },

    /** Begins to join the user's wallet: `code` is for a device that has it. */
    join: ({ id: walletId, publicKeys }: FoundWallet, running: Running) =>
      joinWallet(client, { walletId, publicKeys, ...running }),
    invite: (walletId: string, code: string, label: string, running: Running) =>
      inviteDevice(client, { walletId, code, label, ...running }),

    isLocked: lock !== undefined,
    lockNow: () => lock?.lock(),
    turnLockOn: () => turnLockOn(configuration),

    /** Puts a private key together here. The caller wipes it. */
    async exportKey(walletId: string, curve: Curve): Promise<ExportedKey> {
      const { exportPrivateKey } = await import('reshare/export')
      return exportPrivateKey(client, { walletId, curve, authorization: configuration.exportCode })
    },

    sign: (parameters: SignParameters, running: Running) => sign(client, { ...parameters, ...running }),
    refresh: (walletId: string, running: Running) => refreshShares(client, { walletId, ...running }),
    sets: (walletId: string) => listSets(client, { walletId }),
    devices: () => listDevices(client),
    endSession: (walletId: string, setId: string) => retireSet(client, { walletId, setId }),
    revoke: (revokedId: string) => revokeDevice(client, { deviceId: revokedId }),
    remove: (walletId: string) => removeShare(client, { walletId }),
  }
}
