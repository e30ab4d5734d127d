import {
  approveRequest,
  backupWallet,
  denyRequest,
  findWallets,
  generateWallet,
  listApprovals,
  listDevices,
  listSets,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  revokeDevice,
  type Curve,
  type FoundWallet,
} from 'reshare'
import { exportPrivateKey } from 'reshare/export'
import { inviteDevice, joinWallet, readJoinCode } from 'reshare/join'
import type { DeviceConfiguration } from '../configuration.ts'
import { methodOf } from './backup-methods.ts'
import { createDeviceClient } from './device-client.ts'
import { openDeviceStore } from './device-store.ts'
import type { Running, WalletHost } from './wallet-host.ts'

/** What the client does in the page alone: `reshare/remote` serves neither joins nor exports. */
export type PageHost = ReturnType<typeof openPageHost>

/**
 * The client in the page, on the same store as the worker's: for what needs the page, such as a passkey, which workers do not
 * have. It is loaded when it is first used.
 */
export function openPageHost(configuration: DeviceConfiguration) {
  const { storage, lock } = openDeviceStore(configuration)
  const { client, backups } = createDeviceClient(configuration, storage)
  const host: WalletHost = {
    keys: client,
    resume: () => resume(client),
    find: () => findWallets(client),
    generate: (running) => generateWallet(client, running),
    async backUp(walletId, choice, running) {
      return backupWallet(client, { walletId, method: await methodOf(choice, configuration), ...running })
    },
    async recover(walletId, choice, existingSets, running) {
      const method = await methodOf(choice, configuration)
      return recoverWallet(client, { backups, walletId, method, existingSets, ...running })
    },
    refresh: (walletId, running) => refreshShares(client, { walletId, ...running }),
    sets: (walletId) => listSets(client, { walletId }),
    devices: () => listDevices(client),
    endSession: (walletId, setId) => retireSet(client, { walletId, setId }),
    revoke: (deviceId) => revokeDevice(client, { deviceId }),
    remove: (walletId) => removeShare(client, { walletId }),
    approvals: () => listApprovals(client),
    approve: (approvalId) => approveRequest(client, { approvalId }),
    deny: (approvalId) => denyRequest(client, { approvalId }),
  }
  return {
    ...host,
    lockNow: () => lock?.lock(),
    join: ({ id: walletId, publicKeys }: FoundWallet, running: Running) =>
      joinWallet(client, { walletId, publicKeys, ...running }),
    invite: (walletId: string, code: string, label: string, running: Running) =>
      inviteDevice(client, { walletId, code, label, ...running }),
    /** What the user compares on both devices: the beginning of the invitation's id. @throws {JOIN_CODE_INVALID} */
    comparisonOf(code: string): string {
      const { invitationId } = readJoinCode(code)
      return `${invitationId.slice(0, 4)} ${invitationId.slice(4, 8)}`
    },
    /** The caller wipes the key. */
    exportKey: (walletId: string, curve: Curve) =>
      exportPrivateKey(client, { walletId, curve, authorization: configuration.exportCode }),
  }
}
