import type { Curve, FoundWallet, Wallet } from 'reshare'
import type { ExportedKey } from 'reshare/export'
import type { DeviceConfiguration } from '../configuration.ts'
import { lockIdentity, storeName } from './device-store-names.ts'
import type { MethodChoice, MethodKind } from './method-choice.ts'
import type { PageHost } from './page-host.ts'
import type { Running, WalletHost } from './wallet-host.ts'
import { startWorkerHost } from './worker-host.ts'

/** The wallet of this device. Components use the client through this object alone. */
export type WalletClient = Awaited<ReturnType<typeof openWalletClient>>

/** What was found on this device when the page was opened. */
export interface StoredWallet {
  readonly wallet: Wallet | undefined
  /** Why the wallet that is stored here cannot be used. */
  readonly problem: unknown
}

/**
 * Opens this device's client: in a worker, but for what needs the page (passkeys, and what `reshare/remote` does not serve).
 * Where a passkey locks the store, all is in the page.
 */
export async function openWalletClient(configuration: DeviceConfiguration) {
  const { app, userId, session } = configuration
  let opening: Promise<PageHost> | undefined
  const page = () => (opening ??= import('./page-host.ts').then(({ openPageHost }) => openPageHost(configuration)))
  const isLocked = lockIdentity(configuration) !== null
  const host: WalletHost = isLocked ? await page() : startWorkerHost(configuration, storeName(configuration))
  const hostFor = async ({ kind }: MethodChoice) => (kind === 'PASSKEY' ? page() : host)

  const login = { authorization: `Bearer ${session}` }
  const cipherTexts = `${app}/users/${userId}/encrypted-user-backup-shares`

  return {
    configuration,
    /** Sign without asking the user: components use those of the device's context. */
    keys: host.keys,

    /** Finishes what an earlier page left open. */
    async stored(): Promise<StoredWallet> {
      const resumed = await host.resume()
      const usable = resumed.find((entry) => 'wallet' in entry)
      const failed = resumed.find(({ outcome }) => outcome === 'FAILED')
      return {
        wallet: usable && 'wallet' in usable ? usable.wallet : undefined,
        problem: failed && 'error' in failed ? failed.error : undefined,
      }
    },

    find: () => host.find(),
    generate: (running: Running) => host.generate(running),

    /** Seals a backup, stores it with the app, and confirms it. */
    async backUp(walletId: string, choice: MethodChoice, running: Running): Promise<void> {
      const { cipherText, setId, confirm } = await (await hostFor(choice)).backUp(walletId, choice, running)
      const response = await fetch(cipherTexts, {
        method: 'PUT',
        headers: { ...login, 'content-type': 'application/json' },
        body: JSON.stringify({ backupMethod: choice.kind, cipherText, setId }),
      })
      if (!response.ok) throw new Error(`The app did not store the backup (${response.status}).`)
      await confirm()
    },
    async recover(walletId: string, choice: MethodChoice, existingSets: 'keep' | 'retire', running: Running) {
      return (await hostFor(choice)).recover(walletId, choice, existingSets, running)
    },
    /** The newest backup of a kind: guardians need it. */
    async cipherText(kind: MethodKind): Promise<string> {
      const response = await fetch(`${cipherTexts}?backupMethod=${kind}`, { headers: login })
      if (!response.ok) throw new Error(`The app has no such backup (${response.status}).`)
      return ((await response.json()) as { cipherText: string }).cipherText
    },

    /** Begins to join the user's wallet: `code` is for a device that has it. */
    join: async (found: FoundWallet, running: Running) => (await page()).join(found, running),
    invite: async (walletId: string, code: string, label: string, running: Running) =>
      (await page()).invite(walletId, code, label, running),

    /** What the user compares on both devices. */
    comparisonOf: async (code: string) => (await page()).comparisonOf(code),

    isLocked,
    lockNow: async () => (await page()).lockNow(),
    /** Seals what is stored behind a passkey. The page has to be loaded again. */
    turnLockOn: async () => (await import('./device-store.ts')).turnLockOn(configuration),

    /** Puts a private key together here. The caller wipes it. */
    exportKey: async (walletId: string, curve: Curve): Promise<ExportedKey> =>
      (await page()).exportKey(walletId, curve),

    refresh: (walletId: string, running: Running) => host.refresh(walletId, running),
    sets: (walletId: string) => host.sets(walletId),
    devices: () => host.devices(),
    endSession: (walletId: string, setId: string) => host.endSession(walletId, setId),
    revoke: (deviceId: string) => host.revoke(deviceId),
    remove: (walletId: string) => host.remove(walletId),
    approvals: () => host.approvals(),
    approve: (approvalId: string) => host.approve(approvalId),
    deny: (approvalId: string) => host.deny(approvalId),
  }
}
