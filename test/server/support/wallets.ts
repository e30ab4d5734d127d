import type { RecoverRequest } from '../../../src/api/operations.ts'
import type { WalletShares } from '../../../src/share/index.ts'
import type { BackupMethodName, SignatureScheme } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { ClientOperation, confirmSet, play, type ServerClient } from '../../support/server-client.ts'

/** A wallet as one device knows it. */
export interface TestWallet {
  readonly walletId: string
  readonly signing: WalletShares
}

export const setIdOf = (shares: WalletShares) => toHex(shares.setId)

export function generate(client: ServerClient, walletId = toHex(client.random(16)), label = 'phone'): ClientOperation {
  return new ClientOperation(client, { kind: 'generate', walletId, label })
}

export async function newWallet(client: ServerClient): Promise<TestWallet> {
  const operation = await play(generate(client))
  return { walletId: operation.request.walletId, signing: operation.prepared[0] as WalletShares }
}

export function backup(
  client: ServerClient,
  { walletId, signing }: TestWallet,
  backupMethod: BackupMethodName = 'PASSWORD',
): ClientOperation {
  const request = { kind: 'backup', walletId, setId: setIdOf(signing), backupMethod } as const
  return new ClientOperation(client, request, signing)
}

/** A backup set that the app has confirmed: the client's half. */
export async function newBackup(client: ServerClient, wallet: TestWallet): Promise<WalletShares> {
  const [half] = (await play(backup(client, wallet))).prepared as [WalletShares]
  await confirmSet(client, setIdOf(half))
  return half
}

export function recover(
  client: ServerClient,
  half: WalletShares,
  options: Partial<Pick<RecoverRequest, 'existingSets' | 'rotateBackup' | 'dryRun'>> = {},
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

export function refresh(client: ServerClient, { walletId, signing }: TestWallet): ClientOperation {
  return new ClientOperation(client, { kind: 'refresh', walletId, setId: setIdOf(signing), label: 'phone' }, signing)
}

export function prove(client: ServerClient, signing: WalletShares): ClientOperation {
  const request = { kind: 'prove', walletId: toHex(signing.walletId), setId: setIdOf(signing) } as const
  return new ClientOperation(client, request, signing)
}

export function sign(
  client: ServerClient,
  signing: WalletShares,
  scheme: SignatureScheme = 'ed25519',
  text = 'a message',
): ClientOperation {
  const walletId = toHex(signing.walletId)
  const request = { kind: 'sign', walletId, setId: setIdOf(signing), scheme, message: toHex(utf8(text)) } as const
  return new ClientOperation(client, request, signing)
}
