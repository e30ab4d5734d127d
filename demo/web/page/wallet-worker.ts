import {
  approveRequest,
  backupWallet,
  confirmBackup,
  denyRequest,
  findWallets,
  generateWallet,
  getPublicKey,
  listApprovals,
  listDevices,
  listSets,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  revokeDevice,
  sign,
  signAll,
} from 'reshare'
import { messagePort, serveClient } from 'reshare/remote/serve'
import { indexedDbStore } from 'reshare/storage'
import type { DeviceConfiguration } from '../configuration.ts'
import { createDeviceClient } from './device-client.ts'
import { choiceOf } from './method-choice.ts'

/** What the page sends first. */
export interface WorkerStart {
  readonly configuration: DeviceConfiguration
  /** The name of the IndexedDB. */
  readonly store: string
}

// The client, its shares and its arithmetic are in this worker: the page stays free, and asks by messages.
addEventListener('message', ({ data }: MessageEvent<WorkerStart>) => start(data), { once: true })

function start({ configuration, store }: WorkerStart): void {
  const { client, backups } = createDeviceClient(configuration, indexedDbStore(store))
  // What seals backups is loaded with the first backup, and not with the page.
  const method = (kind: string) => async (fields: Readonly<Record<string, string | undefined>>) =>
    (await import('./backup-methods.ts')).methodOf(choiceOf(kind, fields), configuration)
  serveClient(client, messagePort(self), {
    actions: {
      approveRequest,
      backupWallet,
      confirmBackup,
      denyRequest,
      findWallets,
      generateWallet,
      getPublicKey,
      listApprovals,
      listDevices,
      listSets,
      recoverWallet,
      refreshShares,
      removeShare,
      resume,
      retireSet,
      revokeDevice,
      sign,
      signAll,
    },
    methods: Object.fromEntries(['PASSWORD', 'GDRIVE', 'ICLOUD', 'CUSTOM'].map((kind) => [kind, method(kind)])),
    sources: { custodian: () => backups },
    approve: () => true, // a worker of the page's own: the page asks its user
  })
}
