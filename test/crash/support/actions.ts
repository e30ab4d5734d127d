import type { Client, ErrorCode, Wallet } from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { keepBackup, type DeviceGroup } from './device-group.ts'

/** The package, as one tab has loaded it. */
export type Api = typeof import('../../../src/index.ts')

/** What an action is done with. */
export interface Doer {
  readonly api: Api
  readonly client: Client
  readonly deviceGroup: DeviceGroup
  /** The set that it is to end, if it ends one. */
  readonly target: string
}

/** Something that may be done while something else is. */
export interface Action {
  readonly name: string
  /** Whether it runs on a device that has no set yet. */
  readonly newDevice?: boolean
  /** Whether it may end the sets of others: they are then refused with SET_RETIRED, and may recover. */
  readonly retires?: boolean
  /** Whether it may take the place of a backup that others use or make. */
  readonly supersedes?: boolean
  /** Makes ready what it needs. @returns the action, which may be done again with another client of the same device */
  ready(doer: Doer): Promise<(client: Client) => Promise<unknown>>
}

const message = utf8('at the same time')
const at = ({ deviceGroup: { wallet } }: Doer): { walletId: Wallet['id'] } => ({ walletId: wallet.id })

type Recovery = { readonly existingSets: 'keep' | 'retire'; readonly rotateBackup?: true }

const recovery = (options: Recovery): Action['ready'] => {
  return async ({ api, deviceGroup }) =>
    async (client) => {
      const { cipherText, world } = deviceGroup
      const recovered = await api.recoverWallet(client, { cipherText, method: world.method, ...options })
      if (recovered.backup !== undefined) await keepBackup(deviceGroup, recovered.backup)
      return recovered
    }
}

/** All that two devices, or two tabs, may do at the same time. */
export const actions: readonly Action[] = [
  {
    name: 'generate',
    ready:
      async ({ api }) =>
      (client) =>
        api.generateWallet(client),
  },
  { name: 'recover keep', newDevice: true, ready: recovery({ existingSets: 'keep' }) },
  {
    // Backups that were not confirmed may be those of whoever has the lost device, and go with it.
    name: 'recover retire',
    newDevice: true,
    retires: true,
    supersedes: true,
    ready: recovery({ existingSets: 'retire' }),
  },
  {
    name: 'recover rotate',
    newDevice: true,
    supersedes: true,
    ready: recovery({ existingSets: 'keep', rotateBackup: true }),
  },
  {
    name: 'backup',
    supersedes: true,
    ready: async (doer) => async (client) => {
      const { api, deviceGroup } = doer
      await keepBackup(deviceGroup, await api.backupWallet(client, { ...at(doer), method: deviceGroup.world.method }))
    },
  },
  {
    name: 'confirm',
    supersedes: true,
    async ready(doer) {
      const { api, deviceGroup } = doer
      const { cipherText, setId } = await api.backupWallet(doer.client, {
        ...at(doer),
        method: deviceGroup.world.method,
      })
      deviceGroup.stored.set(setId, cipherText)
      return (client) => api.confirmBackup(client, { setId })
    },
  },
  { name: 'refresh', ready: async (doer) => (client) => doer.api.refreshShares(client, at(doer)) },
  {
    name: 'retire',
    retires: true,
    ready: async (doer) => (client) => doer.api.retireSet(client, { ...at(doer), setId: doer.target }),
  },
  {
    name: 'sign ed25519',
    ready: async (doer) => (client) => doer.api.sign(client, { ...at(doer), scheme: 'ed25519', message }),
  },
  {
    name: 'sign ecdsa',
    ready: async (doer) => (client) => doer.api.sign(client, { ...at(doer), scheme: 'ecdsa', message, hash: 'sha256' }),
  },
  {
    name: 'preprocess',
    ready: async (doer) => (client) => doer.api.preprocessSignatures(client, { ...at(doer), count: 1 }),
  },
]

export function actionNamed(name: string): Action {
  return actions.find((action) => action.name === name)!
}

/** The codes by which one action may be refused for good because of what another did: what to do then is documented. */
export function endingCodes({ retires, supersedes }: Action): readonly ErrorCode[] {
  return [
    ...(retires ? (['SET_RETIRED', 'SHARE_NOT_FOUND'] as const) : []),
    ...(supersedes ? (['BACKUP_SUPERSEDED'] as const) : []),
  ]
}
