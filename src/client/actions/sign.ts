import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { fillInBackground } from './preprocess-signatures.ts'
import { signEcdsa } from '../ecdsa/sign-ecdsa.ts'
import {
  readStatement,
  type SignEcdsaParameters,
  type SignParameters,
  type Statement,
} from '../signing/sign-parameters.ts'
import { signSchnorr } from '../signing/sign-schnorr.ts'
import type { Client, EcdsaSignature, Signature } from '../types.ts'

/**
 * Signs with this device's set and the server. The returned signature has been verified.
 *
 * An ECDSA signature first makes a new setup if the device or the server has lost its own.
 *
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH} if this device cannot use the wallet: recover it
 * @throws {SET_RETIRED} if the set was retired, from this device or another
 * @throws {POLICY_DENIED} if the server's policy does not allow this message
 * @throws {PROTOCOL_ABORTED} if the server's part of the signature is wrong; with `ban`, it was caught cheating, and
 * this set makes no more ECDSA signatures
 * @throws {OT_POISONED} if the server has been caught cheating with this set before: refresh the shares
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
 * const { signature, recovery } = await sign(client, { walletId: wallet.id, scheme: 'ecdsa', digest, path: 'm/0/5' })
 */
export async function sign(client: Client, options: SignEcdsaParameters): Promise<EcdsaSignature>
export async function sign(client: Client, options: SignParameters): Promise<Signature>
export async function sign(client: Client, options: SignParameters): Promise<Signature> {
  const statement = readStatement(options)
  const { walletId } = options
  const signature = await withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, (shares) => signWith(client, deadline, shares, statement)),
  )
  if (statement.scheme === 'ecdsa') fillInBackground(client, walletId, signature.setId)
  return signature
}

async function signWith(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  statement: Statement,
): Promise<Signature> {
  const setFields = { kind: 'sign', walletId: toHex(shares.walletId), setId: toHex(shares.setId) } as const
  if (statement.scheme === 'ecdsa') return signEcdsa(client, deadline, shares, { ...setFields, ...statement })
  return signSchnorr(client, deadline, shares, { ...setFields, ...statement })
}
