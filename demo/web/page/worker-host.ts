import type { Wallet } from 'reshare'
import {
  approveRequest,
  backupWallet,
  denyRequest,
  findWallets,
  generateWallet,
  listApprovals,
  listDevices,
  listSets,
  messagePort,
  recoverWallet,
  refreshShares,
  remoteClient,
  removeShare,
  resume,
  retireSet,
  revokeDevice,
} from 'reshare/remote'
import type { DeviceConfiguration } from '../configuration.ts'
import { descriptionOf } from './method-choice.ts'
import type { WalletHost } from './wallet-host.ts'
import type { WorkerStart } from './wallet-worker.ts'

/** The client in a worker. A backup method is described, and made there. */
export function startWorkerHost(configuration: DeviceConfiguration, store: string): WalletHost {
  const worker = new Worker('/wallet-worker.js', { type: 'module' })
  worker.postMessage({ configuration, store } satisfies WorkerStart)
  const client = remoteClient(messagePort(worker))
  return {
    keys: client,
    resume: () => resume(client),
    find: () => findWallets(client),
    generate: (running) => generateWallet(client, running),
    backUp: (walletId, choice, running) =>
      backupWallet(client, { walletId, method: descriptionOf(choice), ...running }),
    recover(walletId, choice, existingSets, running): Promise<Wallet> {
      const method = descriptionOf(choice)
      return recoverWallet(client, { backups: { type: 'custodian' }, walletId, method, existingSets, ...running })
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
}
