import type { RecoverRequest, SetupRequest, SignEcdsaRequest } from '../../../src/wire/operations.ts'
import type { OtState } from '../../../src/protocol/ecdsa/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import type { BackupMethodName } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import {
  ClientOperation,
  confirmSet,
  type EcdsaHeld,
  type HeldPreprocessing,
  play,
  type ServerClient,
} from '../../support/server-client.ts'

/** A wallet as one device knows it. */
export interface TestWallet {
  readonly walletId: string
  readonly signing: WalletShares
  /** The client's ECDSA setup of the set. */
  readonly pair: OtState
}

export const setIdOf = (shares: WalletShares) => toHex(shares.setId)

export function generate(client: ServerClient, walletId = toHex(client.random(16)), label = 'phone'): ClientOperation {
  return new ClientOperation(client, { kind: 'generate', walletId, label })
}

export async function newWallet(client: ServerClient): Promise<TestWallet> {
  const operation = await play(generate(client))
  return walletOf(operation)
}

/** The signing set that an operation has made. */
export function walletOf({ request, prepared, pair }: ClientOperation): TestWallet {
  return { walletId: request.walletId, signing: prepared[0] as WalletShares, pair: pair as OtState }
}

export function backup(
  client: ServerClient,
  { walletId, signing }: Pick<TestWallet, 'walletId' | 'signing'>,
  backupMethod: BackupMethodName = 'PASSWORD',
): ClientOperation {
  const request = { kind: 'backup', walletId, setId: setIdOf(signing), backupMethod } as const
  return new ClientOperation(client, request, signing)
}

/** A backup set that the app has confirmed: the client's share. */
export async function newBackup(client: ServerClient, wallet: TestWallet): Promise<WalletShares> {
  const [half] = (await play(backup(client, wallet))).prepared as [WalletShares]
  await confirmSet(client, setIdOf(half))
  return half
}

export function recover(
  client: ServerClient,
  half: WalletShares,
  options: Partial<Pick<RecoverRequest, 'existingSets' | 'rotateBackup' | 'dryRun' | 'scope' | 'expiresAt'>> = {},
): ClientOperation {
  const request: RecoverRequest = {
    kind: 'recover',
    walletId: toHex(half.walletId),
    setId: setIdOf(half),
    label: 'laptop',
    existingSets: 'keep',
    rotateBackup: null,
    dryRun: false,
    ...options,
  }
  return new ClientOperation(client, request, half)
}

export function refresh(
  client: ServerClient,
  { walletId, signing }: Pick<TestWallet, 'walletId' | 'signing'>,
): ClientOperation {
  return new ClientOperation(client, { kind: 'refresh', walletId, setId: setIdOf(signing), label: 'phone' }, signing)
}

export function prove(client: ServerClient, signing: WalletShares): ClientOperation {
  const request = { kind: 'prove', walletId: toHex(signing.walletId), setId: setIdOf(signing) } as const
  return new ClientOperation(client, request, signing)
}

export function sign(
  client: ServerClient,
  signing: WalletShares,
  scheme: 'ed25519' | 'bip340' = 'ed25519',
  text = 'a message',
  about: { readonly intent?: string } = {},
): ClientOperation {
  const request = { kind: 'sign', ...named(signing), message: toHex(utf8(text)), path: 'm', ...about } as const
  return new ClientOperation(
    client,
    scheme === 'ed25519' ? { ...request, scheme } : { ...request, scheme, tapTweak: null },
    signing,
  )
}

const named = (signing: WalletShares) => ({ walletId: toHex(signing.walletId), setId: setIdOf(signing) })

/** A signature with ECDSA on the Keccak-256 hash of a message, with the setup of the set unless told otherwise. */
export function signEcdsa(
  client: ServerClient,
  { signing, ...held }: Pick<TestWallet, 'signing'> & EcdsaHeld,
  options: Partial<Pick<SignEcdsaRequest, 'path' | 'hash' | 'message' | 'intent' | 'source'>> = {},
): ClientOperation {
  const request: SignEcdsaRequest = {
    kind: 'sign',
    ...named(signing),
    scheme: 'ecdsa',
    message: toHex(utf8('a message')),
    hash: 'keccak256',
    path: 'm',
    source: { kind: 'setup' },
    ...options,
  }
  return new ClientOperation(client, request, signing, held)
}

export function preprocess(client: ServerClient, { signing, pair }: TestWallet): ClientOperation {
  return new ClientOperation(client, { kind: 'preprocess', ...named(signing) }, signing, { pair })
}

/** Makes a preprocessing. */
export async function preprocessed(client: ServerClient, wallet: TestWallet): Promise<HeldPreprocessing> {
  return (await play(preprocess(client, wallet))).preprocessing as HeldPreprocessing
}

/** Signs with a preprocessing, in one round. */
export function complete(
  client: ServerClient,
  wallet: TestWallet,
  preprocessing: HeldPreprocessing,
  change: Parameters<typeof signEcdsa>[2] = {},
): ClientOperation {
  const source = { kind: 'preprocessing', id: preprocessing.id } as const
  return signEcdsa(client, { ...wallet, preprocessing }, { source, ...change })
}

export function setup(
  client: ServerClient,
  { signing }: Pick<TestWallet, 'signing'>,
  change: Partial<SetupRequest> = {},
): ClientOperation {
  return new ClientOperation(client, { kind: 'setup', ...named(signing), ...change }, signing)
}
