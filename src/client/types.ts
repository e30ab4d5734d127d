import type { Group } from '../curve/group.ts'
import type { WalletShares } from '../key-share/types.ts'
import type { EcdsaBackend } from '../protocol/ecdsa/ot/backend.ts'
import type { OtState } from '../protocol/ecdsa/ot/ot-state.ts'
import type { EcdsaResult } from '../protocol/ecdsa/signing/signing-machine.ts'
import type { Session } from '../protocol/session/session.ts'
import type { ShareStore } from '../storage/types.ts'
import type { Transport } from '../transport/types.ts'
import type { MpcError } from '../errors.ts'
import type { Curve, EcdsaSetup, OnCheating } from '../types.ts'
import type { RandomSource } from '../util/random.ts'
import type { SetLimits } from '../wire/set-limits.ts'
import type { OperationId, OperationRequest, SignEcdsaRequest } from '../wire/operations.ts'
import type { SignAllRequest, SignEcdsaItem } from '../wire/sign-items.ts'
import type { PreprocessingPool } from './ecdsa/preprocessing-pool.ts'
import type { EcdsaRequest, Ed25519Request, KeyRequest, TaprootRequest } from './key-requests.ts'
import type { Progress, ProgressReporter } from './progress.ts'

/** A client made by {@link createClient} or {@link createFrostClient}. Actions take it as their first argument. */
export interface Client extends KeySource {
  /** Carries requests to the signing server. */
  readonly transport: Transport
  /** The app's store. */
  readonly store: ShareStore
  /** The store for an action: its calls end at the action's deadline. */
  readonly storage: ShareStore
  /** Cryptographically secure random bytes. */
  readonly random: RandomSource
  /** The name of this device in the list of sets. */
  readonly label: string
  /** How long an action may take, unless it has its own `timeoutMs`. */
  readonly timeoutMs: number
  /** How long an action waits for an approval, unless it has its own `waitForApprovalMs`. */
  readonly waitForApprovalMs: number
  /** The arithmetic of a curve. */
  readonly group: (curve: Curve) => Group
  /** Threshold ECDSA; undefined in a client that signs by FROST alone. All use of its code goes through this. */
  readonly ecdsa: Ecdsa | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The operations that this client is running. */
  readonly operations: Set<string>
  /** The operations that this client has ended without learning their decision; it may ask for it at once. */
  readonly undecidedOperations: Set<string>
  /** Whether actions repeat requests that failed in transit. */
  readonly repeats: boolean
  /** Waits between two attempts, until the signal is aborted. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** Receives what the app's callbacks throw. Never throws. */
  readonly onError: (error: unknown) => void
  /** Wipes what is preprocessed for future ECDSA signatures, and preprocesses no more. Actions still work. */
  readonly dispose: () => void
}

/** The end of an action's time, by its caller's signal or by its timeout. */
export interface Deadline {
  /** A native signal, whatever kind the caller passed. Do not rely on its reason. */
  readonly signal: AbortSignal
  /** Milliseconds since 1970, by the client's clock. */
  readonly endsAt: number
  /** @throws {ABORTED | TIMEOUT} once the deadline has passed */
  check(): void
  /**
   * Resolves to the result of `work`, or rejects at the deadline, whichever comes first.
   *
   * @throws {ABORTED | TIMEOUT} once the deadline has passed
   */
  race<T>(work: T | PromiseLike<T>): Promise<T>
  /**
   * Runs `work` with its own timeout; the action's timeout is paused meanwhile.
   *
   * @throws {TIMEOUT} if `limitMs` pass
   * @throws {ABORTED} if the caller aborts
   */
  apart<T>(limitMs: number, work: () => T | PromiseLike<T>): Promise<T>
  /**
   * Reports what a request waits for, and waits until it is to be repeated; the action's timeout is paused meanwhile.
   *
   * @throws {APPROVAL_REQUIRED} the error itself, if the action does not wait so long
   * @throws {ABORTED} if the caller aborts
   */
  awaitApproval(error: MpcError): Promise<void>
  /** Reports that the request goes on, if it had to wait. */
  goOn(): void
}

/** One call of an action: the client whose store calls end at its deadline, and the deadline. */
export interface Call<C extends Client = Client> {
  readonly client: C
  readonly deadline: Deadline
}

/** A call that reports how far it is. */
export interface ReportedCall<C extends Client = Client> extends Call<C> {
  readonly progress: ProgressReporter
}

/** A client that signs by ECDSA too. */
export interface EcdsaClient extends Client {
  readonly ecdsa: Ecdsa
}

/** The part of a session that an operation runs, without its export. */
export type OperationSession<Result> = Omit<Session<Result>, 'export'>

/** The threshold ECDSA of a client, with its state. Its functions take the client that holds it. */
export interface Ecdsa {
  /** The arithmetic of oblivious transfer, made at the first use. */
  readonly backend: () => EcdsaBackend
  readonly onCheating: OnCheating
  /** The poisoned OT states by set; they count even if they could not be stored. */
  readonly bans: Map<string, OtState>
  /** What is preprocessed for future signatures. */
  readonly pool: PreprocessingPool
  /** When a new set gets its setup. The backend, which decides it by default, is made for that. */
  setupTime(client: EcdsaClient): EcdsaSetup
  /** The fields of a request that choose the client's role in its setup. */
  setupRole(client: EcdsaClient): { readonly slowClient?: true }
  /**
   * A setup with the server, bound to an operation.
   *
   * @param old the set that the new one comes from, if there is one: its share hedges the setup's randomness
   */
  setupSession(
    client: EcdsaClient,
    operationId: OperationId,
    request: OperationRequest,
    old?: WalletShares,
  ): OperationSession<NewSetup>
  /** Makes the setup of a set that has none yet, and stores it. */
  makeSetup(call: Call<EcdsaClient>, shares: WalletShares): Promise<void>
  /** Makes a signature with the set and the server, and verifies it. */
  sign(call: ReportedCall<EcdsaClient>, shares: WalletShares, statement: EcdsaStatement): Promise<EcdsaSignature>
  /** Makes several signatures with the set and the server, at least one of them by ECDSA, and verifies them. */
  signAll(
    call: ReportedCall<EcdsaClient>,
    shares: WalletShares,
    request: SignAllRequest,
    signBatch: SignBatch,
  ): Promise<readonly Signature[]>
  /** Preprocesses signatures until `count` are ready. @returns how many are */
  preprocess(client: EcdsaClient, options: ReportedOptions, walletId: string, count: number): Promise<number>
  /** Refills the pool after a signature, unless that is in progress. If it fails, the next signature tries again. */
  refill(client: EcdsaClient, walletId: string, setId: string): void
}

/** The session of one signature, and what is made of its result. */
export interface ItemSession<Result> {
  readonly session: OperationSession<Result>
  /** Verifies the signature. @throws {PROTOCOL_ABORTED} if it is not one */
  readonly finish: (result: Result | undefined) => Signature
}

/**
 * Makes all signatures of a request, or none, and verifies each.
 *
 * @param openEcdsa opens the session of an item of ECDSA, bound to its batch
 * @param guard wraps the steps of all sessions after their first
 */
export type SignBatch = (
  request: SignAllRequest,
  openEcdsa: (item: SignEcdsaItem, bound: { readonly intent: Uint8Array }, index: number) => ItemSession<EcdsaResult>,
  guard: <T>(step: () => Promise<T>) => Promise<T>,
) => Promise<readonly Signature[]>

/** What is signed by ECDSA, and with which key: the request without the source of the signature. */
export type EcdsaStatement = Omit<SignEcdsaRequest, 'source'>

/** The result of a setup, with its secrets, before it is bound to the set that it was made for. */
export interface NewSetup {
  /**
   * Binds it to the set, stores it durably and reads it back. Wipes its secrets.
   *
   * @param expectedVersion the version that it replaces; null if there is none
   * @throws {STORAGE_CONFLICT} if another tab has stored one in the meantime
   * @throws {STORAGE_UNAVAILABLE} if the store returns something else
   */
  store(client: Pick<Client, 'storage'>, shares: WalletShares, expectedVersion: string | null): Promise<void>
  wipe(): void
}

/** Options of every action. */
export interface ActionOptions {
  /** Ends the action with ABORTED. What the server has committed by then is finished at the next use. */
  readonly signal?: AbortSignal
  /** Milliseconds after which the action ends with TIMEOUT. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number
  /** How many milliseconds it waits for an approval or a delay, besides `timeoutMs`. Default: the client's `waitForApprovalMs`. */
  readonly waitForApprovalMs?: number
}

/** Options of an action that reports how far it is. */
export interface ReportedOptions extends ActionOptions {
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/** A wallet as this device holds it, with what limits the set that this device uses, if anything does. */
export interface Wallet extends SetLimits {
  /** 16 bytes in lower-case hex */
  readonly id: string
  /** The signing set that this device uses: 32 bytes in lower-case hex. */
  readonly setId: string
  /** The wallet's public keys, by curve. */
  readonly publicKeys: PublicKeys
}

/** The public key of each curve. */
export interface PublicKeys {
  /** 33 bytes, SEC 1 compressed */
  readonly secp256k1: Uint8Array
  /** 32 bytes, RFC 8032 */
  readonly ed25519: Uint8Array
}

/** A signature that has been verified. */
export interface Signature {
  /** 64 bytes: R ‖ s, for `ecdsa` r ‖ s with s in the lower half of the order */
  readonly signature: Uint8Array
  /** The key it verifies under: 32 bytes, for `bip340` the x coordinate only; 33 for `ecdsa`. */
  readonly publicKey: Uint8Array
  /** The set that signed. */
  readonly setId: string
}

export interface EcdsaSignature extends Signature {
  /** The parity of R's y, by which the public key can be recovered (SEC 1 §4.1.6). */
  readonly recovery: 0 | 1
}

/** What adapters for chains take: a {@link Client}, or a client in another realm (`reshare/remote`). */
export interface KeySource {
  /** The keys of a wallet, without checking that the device has it. */
  readonly walletKeys: (walletId: string) => WalletKeys
}

/** A wallet's keys as adapters for chains use them: actions of a client, bound to one wallet. */
export interface WalletKeys {
  /** The public key at `path`: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519 (RFC 8032). */
  getPublicKey(curve: Curve, path?: string): Promise<Uint8Array>
  /** Makes an ECDSA signature. */
  signEcdsa(request: EcdsaRequest): Promise<Pick<EcdsaSignature, 'signature' | 'recovery'>>
  /** Makes a BIP 340 signature with the Taproot output key. @returns 64 bytes: R.x ‖ s */
  signTaproot(request: TaprootRequest): Promise<Uint8Array>
  /** Makes an Ed25519 signature. @returns 64 bytes: R ‖ s (RFC 8032) */
  signEd25519(request: Ed25519Request): Promise<Uint8Array>
  /**
   * Makes several signatures, 1 to 64: all or none. Where the set is poisoned, they are made one after the other.
   *
   * @returns 64 bytes each, in the order of the requests
   */
  signAll(requests: readonly KeyRequest[], options?: Pick<EcdsaRequest, 'signal'>): Promise<readonly Uint8Array[]>
}
