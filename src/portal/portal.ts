import { exportFromBackup } from '../export.ts'
import type { PasswordOptions } from '../backup/index.ts'
import {
  backupWallet,
  findWallets,
  generateWallet,
  listWallets,
  MpcError,
  recoverWallet,
  removeShare,
  type BackupInput,
  type BackupMethodName,
  type BackupSource,
  type Client,
  type FoundWallet,
  type Progress,
  type PublicKeys,
  type Transport,
  type Wallet,
} from '../index.ts'
import { assertMethods, assertObject } from '../util/arguments.ts'
import { toHex, wipe } from '../util/bytes.ts'
import { createMethodFinder, type BackupConfigs, type MethodFinder, type PortalBackupMethods } from './methods.ts'

/** Options of {@link Portal}. */
export interface PortalOptions<Addresses = PublicKeys> {
  /** Made by `createClient`, with the transport to the signing server and this device's store. */
  readonly client: Client
  /** The wallet, for a user who has several: 16 bytes in lower-case hex. Default: the user's only one. */
  readonly walletId?: string
  /** The backup methods besides `PASSWORD`, such as `{ GDRIVE: cloudKey({ … }) }`; one named `PASSWORD` replaces that. */
  readonly backupMethods?: PortalBackupMethods
  /** How `PASSWORD` derives its keys. */
  readonly passwordOptions?: PasswordOptions
  /** Where an empty cipherText comes from, such as `custodianBackups(app)`. */
  readonly backups?: BackupSource
  /** What a recovery does with the wallet's other signing sets. Default: `keep`. */
  readonly existingSets?: 'keep' | 'retire'
  /** The app's backend with the endpoints of `reshare/custodian`, for {@link Portal.ejectPrivateKeys}. */
  readonly custodian?: Transport
  /** The addresses of a wallet's keys, as calls return them. Default: the public keys. */
  readonly addresses?: (publicKeys: PublicKeys) => Addresses
}

/** Called at each step; also gets how far the action is. */
export type PortalProgress = (progress: Progress) => void

/** A backup that the app has yet to store. */
export interface PortalBackup {
  /** The client's backup share, sealed. */
  readonly cipherText: string
  /** The backup set: 32 bytes in lower-case hex. Store the cipherText under it if you can. */
  readonly setId: string
  /** Confirms that the cipherText is stored: only then does the backup replace the one before it. */
  readonly storageCallback: () => Promise<void>
}

/** Both private keys in hex: whoever has them can sign alone. */
export interface PortalPrivateKeys {
  /** 32 bytes, big-endian, as Ethereum and Bitcoin wallets import it. */
  readonly SECP256K1: string
  /** The secret scalar, 32 bytes little-endian. It is not a seed: wallets that import a seed cannot import it. */
  readonly ED25519: string
}

/** The calls of Portal's `mpc` object. */
export interface PortalMpc<Addresses> {
  /** {@link Portal.recoverWallet}. */
  recover(
    backup: { readonly cipherText: string; readonly method: BackupMethodName; readonly configs?: BackupConfigs },
    progress?: PortalProgress,
  ): Promise<Addresses>
}

/**
 * One user's wallet by the calls of Portal's SDKs, for apps that come from there (docs/portal.md). Each is made of the
 * actions of this package, and throws what they throw.
 *
 * @example
 * const portal = new Portal({ client })
 * portal.setPassword('THE-USER-PASSWORD')
 * await portal.recoverWallet(cipherText, BackupMethods.Password)
 */
export class Portal<Addresses = PublicKeys> {
  /** The calls that Portal has on `portal.mpc`. */
  readonly mpc: PortalMpc<Addresses>
  readonly #options: PortalOptions<Addresses>
  readonly #methods: MethodFinder

  /** @throws {TypeError} if an option is invalid */
  constructor(options: PortalOptions<Addresses>) {
    const { client, backupMethods, passwordOptions, backups, custodian } = assertObject(options, 'Portal')
    assertMethods(client, ['group', 'now', 'random'], 'client')
    if (backups !== undefined) assertMethods(backups, ['list'], 'backups')
    if (custodian !== undefined) assertMethods(custodian, ['request'], 'custodian')
    this.#options = { ...options }
    this.#methods = createMethodFinder(backupMethods, passwordOptions)
    this.mpc = {
      recover: ({ cipherText, method, configs }, progress) => this.recoverWallet(cipherText, method, configs, progress),
    }
  }

  /** Sets the password of `PASSWORD` backups for the calls that follow. It stays in memory until `clearLocalWallet`. */
  setPassword(secret: string): void {
    if (typeof secret !== 'string') throw new TypeError('the password must be a string')
    this.#methods.setPassword(secret)
  }

  /**
   * Generates the user's wallet.
   *
   * @throws {WALLET_EXISTS} if the user has one, on whichever device: recover it
   * @throws {MpcError} as `generateWallet` and `findWallets`
   */
  async createWallet(progress?: PortalProgress): Promise<Addresses> {
    const { client } = this.#options
    if ((await findWallets(client)).length > 0)
      throw new MpcError('WALLET_EXISTS', 'this user has a wallet: recover it')
    return this.#addresses(await generateWallet(client, reporting(progress)))
  }

  /**
   * Makes a backup of the wallet on this device. Store its cipherText, then call its `storageCallback`.
   *
   * @throws {MpcError} as `backupWallet`
   */
  async backupWallet(
    method: BackupMethodName,
    progress?: PortalProgress,
    configs?: BackupConfigs,
  ): Promise<PortalBackup> {
    const { client } = this.#options
    const sealing = this.#methods.find(method, configs)
    const { id: walletId } = await this.#walletHere()
    const made = await backupWallet(client, { walletId, method: sealing, ...reporting(progress) })
    const { cipherText, setId, confirm } = made
    return { cipherText, setId, storageCallback: () => confirm() }
  }

  /**
   * Gives this device a signing set. The wallet's other sets go on signing, unless the option `existingSets` is `retire`.
   *
   * @param cipherText of the backup; empty for the newest of the option `backups`
   * @throws {MpcError} as `recoverWallet`
   */
  async recoverWallet(
    cipherText: string,
    method: BackupMethodName,
    configs?: BackupConfigs,
    progress?: PortalProgress,
  ): Promise<Addresses> {
    return this.#recover(this.#options.existingSets ?? 'keep', cipherText, method, { configs, progress })
  }

  /** {@link Portal.recoverWallet} that keeps the wallet's other sets, whatever the options say. */
  async provisionWallet(
    cipherText: string,
    method: BackupMethodName,
    configs?: BackupConfigs,
    progress?: PortalProgress,
  ): Promise<Addresses> {
    return this.#recover('keep', cipherText, method, { configs, progress })
  }

  /** The methods of the confirmed backups that recover the wallet now. @throws {MpcError} as `findWallets` */
  async availableRecoveryMethods(): Promise<BackupMethodName[]> {
    const wallet = await this.#walletAnywhere()
    const confirmed = wallet?.backups.filter(({ confirmedAt }) => confirmedAt !== null) ?? []
    return [...new Set(confirmed.map(({ method }) => method))]
  }

  /** Whether the user has the wallet, on whichever device. @throws {MpcError} as `findWallets` */
  async doesWalletExist(): Promise<boolean> {
    return (await this.#walletAnywhere()) !== undefined
  }

  /** Whether this device can sign with the wallet. @throws {MpcError} as `listWallets` */
  async isWalletOnDevice(): Promise<boolean> {
    return this.#choose(await listWallets(this.#options.client)) !== undefined
  }

  /** Whether a backup of the wallet is confirmed. @throws {MpcError} as `findWallets` */
  async isWalletBackedUp(): Promise<boolean> {
    return (await this.availableRecoveryMethods()).length > 0
  }

  /** Whether a confirmed backup recovers the wallet. @throws {MpcError} as `findWallets` */
  async isWalletRecoverable(): Promise<boolean> {
    return this.isWalletBackedUp()
  }

  /**
   * Reconstructs both private keys from a backup and the custodian's shares. From then on the keys are in one place.
   *
   * @param authorization for the custodian's `authorizeExport`, which judges each curve's: a text for both, or a function
   * @throws {TypeError} if the option `custodian` was not given
   * @throws {MpcError} as `exportFromBackup`
   */
  async ejectPrivateKeys(
    cipherText: string,
    method: BackupMethodName,
    configs: BackupConfigs | undefined,
    authorization: string | ((curve: 'SECP256K1' | 'ED25519') => string | Promise<string>),
  ): Promise<PortalPrivateKeys> {
    const { client, custodian, walletId } = this.#options
    if (custodian === undefined) throw new TypeError('give the constructor a custodian: its shares are needed')
    const opening = this.#methods.find(method, configs)
    const source = this.#input(cipherText)
    const eject = async (name: 'SECP256K1' | 'ED25519') => {
      const { privateKey } = await exportFromBackup(client, {
        ...source,
        method: opening,
        custodian,
        curve: name === 'SECP256K1' ? 'secp256k1' : 'ed25519',
        authorization: typeof authorization === 'function' ? await authorization(name) : authorization,
        ...(walletId !== undefined && { walletId }),
      })
      try {
        return toHex(privateKey)
      } finally {
        wipe(privateKey)
      }
    }
    return { SECP256K1: await eject('SECP256K1'), ED25519: await eject('ED25519') }
  }

  /** Deletes what this device stores of the wallet, and forgets the password. Nothing changes at the server. */
  async clearLocalWallet(): Promise<boolean> {
    this.#methods.setPassword(undefined)
    const { client } = this.#options
    const wallet = this.#choose(await listWallets(client))
    if (wallet !== undefined) await removeShare(client, { walletId: wallet.id })
    return true
  }

  async #recover(
    existingSets: 'keep' | 'retire',
    cipherText: string,
    method: BackupMethodName,
    { configs, progress }: { configs: BackupConfigs | undefined; progress: PortalProgress | undefined },
  ): Promise<Addresses> {
    const { client, walletId } = this.#options
    const wallet = await recoverWallet(client, {
      ...this.#input(cipherText),
      method: this.#methods.find(method, configs),
      existingSets,
      ...(walletId !== undefined && { walletId }),
      ...reporting(progress),
    })
    return this.#addresses(wallet)
  }

  #input(cipherText: string): BackupInput {
    const { backups } = this.#options
    return cipherText === '' && backups !== undefined ? { backups } : { cipherText }
  }

  #addresses({ publicKeys }: Wallet): Addresses {
    const { addresses } = this.#options
    return addresses === undefined ? (publicKeys as Addresses) : addresses(publicKeys)
  }

  async #walletHere(): Promise<Wallet> {
    const wallet = this.#choose(await listWallets(this.#options.client))
    if (wallet !== undefined) return wallet
    throw new MpcError('SHARE_NOT_FOUND', 'this device has no wallet: create or recover it')
  }

  async #walletAnywhere(): Promise<FoundWallet | undefined> {
    return this.#choose(await findWallets(this.#options.client))
  }

  #choose<W extends { readonly id: string }>(wallets: readonly W[]): W | undefined {
    const { walletId } = this.#options
    if (walletId !== undefined) return wallets.find(({ id }) => id === walletId)
    if (wallets.length > 1) throw new RangeError('this user has several wallets: give the constructor a walletId')
    return wallets[0]
  }
}

function reporting(progress: PortalProgress | undefined): { readonly onProgress?: PortalProgress } {
  return progress === undefined ? {} : { onProgress: progress }
}
