import type { Client, ErrorCode, Wallet } from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { keepBackup, type DeviceGroup } from './device-group.ts'
import type { Device } from './world.ts'

/** The package, as one tab has loaded it. */
export type Api = typeof import('../../../src/index.ts') & typeof import('../../../src/join.ts')

/** What an action is done with. */
export interface Doer {
  readonly api: Api
  readonly client: Client
  /** Where it runs. */
  readonly device: Device
  readonly deviceGroup: DeviceGroup
  /** The set that it is to end, if it ends one. */
  readonly target: string
  /** Starts the other device of a join. */
  startOther(device: Device): Client
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
  /** Whether it takes the place of the set of its own device. */
  readonly replaces?: boolean
  /** Whether it is a join: its code is used once, so that a user shows another one where its set has ended meanwhile. */
  readonly isJoin?: boolean
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
  { name: 'refresh', replaces: true, ready: async (doer) => (client) => doer.api.refreshShares(client, at(doer)) },
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

/** The two sides of a join. The other device belongs to neither of the two that act at the same time, if it can. */
export const joins: readonly Action[] = [
  {
    name: 'invite',
    isJoin: true,
    ready: async (doer) => (client) =>
      joinTogether(doer, client, doer.startOther(doer.deviceGroup.world.device('invited'))),
  },
  {
    name: 'join',
    newDevice: true,
    isJoin: true,
    ready: async (doer) => (client) => {
      const { owner, second } = doer.deviceGroup
      return joinTogether(doer, doer.startOther(doer.device === owner ? second : owner), client)
    },
  },
]

/** One device invites another. Once one of them has failed, its user has the other one stop. */
async function joinTogether(doer: Doer, inviting: Client, joining: Client): Promise<Wallet> {
  const { api } = doer
  const stop = new AbortController()
  const { signal } = stop
  const { code, done } = await api.joinWallet(joining, { signal })
  const failures: unknown[] = []
  const failed = (error: unknown) => {
    failures.push(error)
    stop.abort()
  }
  const invited = api.inviteDevice(inviting, { ...at(doer), code, signal })
  const [wallet] = await Promise.all([done.catch(failed), invited.catch(failed)])
  if (failures.length > 0) throw failures[0]
  return wallet!
}

export function actionNamed(name: string): Action {
  return [...actions, ...joins].find((action) => action.name === name)!
}

/** The codes by which one action may be refused for good because of what another did: what to do then is documented. */
export function endingCodes({ isJoin }: Action, { retires, supersedes, replaces }: Action): readonly ErrorCode[] {
  return [
    ...(retires ? (['SET_RETIRED', 'SHARE_NOT_FOUND'] as const) : []),
    ...(supersedes ? (['BACKUP_SUPERSEDED'] as const) : []),
    ...(isJoin && (retires || replaces) ? (['JOIN_CANCELLED', 'JOIN_USED', 'SET_RETIRED'] as const) : []),
  ]
}
