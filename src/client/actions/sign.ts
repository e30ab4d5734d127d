import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { withDeadline } from '../deadline.ts'
import { hasEcdsa, requireEcdsa } from '../ecdsa-client.ts'
import {
  readStatement,
  type SignEcdsaParameters,
  type SignParameters,
  type Statement,
} from '../signing/sign-parameters.ts'
import { signSchnorr } from '../signing/sign-schnorr.ts'
import { createProgress, plans } from '../progress.ts'
import type { Client, EcdsaSignature, ReportedCall, Signature } from '../types.ts'

/**
 * Signs with this device's set and the server. The returned signature has been verified.
 *
 * An ECDSA signature first makes a new setup if the set has none, or the device or the server has lost its own.
 *
 * @throws {ECDSA_UNAVAILABLE} if the client is one of `createFrostClient` and the scheme is `ecdsa`
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH} if this device cannot use the wallet: recover it
 * @throws {SET_RETIRED} if the set was retired, from this device or another
 * @throws {POLICY_DENIED} if the server's policy does not allow this message
 * @throws {PROTOCOL_ABORTED} if the server's part of the signature is wrong; with `ban`, it was caught cheating, and
 * this set makes no more ECDSA signatures
 * @throws {OT_POISONED} if the server has been caught cheating with this set before: refresh the shares
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
 * const { signature: ecdsa, recovery } = await sign(client, { walletId: wallet.id, scheme: 'ecdsa', digest, path: 'm/0/5' })
 */
export async function sign(client: Client, options: SignEcdsaParameters): Promise<EcdsaSignature>
export async function sign(client: Client, options: SignParameters): Promise<Signature>
export async function sign(client: Client, options: SignParameters): Promise<Signature> {
  const statement = readStatement(options)
  const { walletId } = options
  const progress = createProgress(client, plans.sign, options.onProgress)
  const signature = await withDeadline(client, { ...options, progress }, async (deadline, client) => {
    progress.begin('Reading share')
    return useActiveSet(client, deadline, walletId, signerOf({ client, deadline, progress }, statement))
  })
  progress.finish()
  if (statement.scheme === 'ecdsa' && hasEcdsa(client)) client.ecdsa.refill(client, walletId, signature.setId)
  return signature
}

/** @throws {ECDSA_UNAVAILABLE} if the client signs by FROST alone, and the statement is for ECDSA */
function signerOf(call: ReportedCall, statement: Statement): (shares: WalletShares) => Promise<Signature> {
  const { client, deadline, progress } = call
  if (statement.scheme !== 'ecdsa') {
    return (shares) => {
      progress.goTo('Signing')
      return signSchnorr(client, deadline, shares, { ...setFields(shares), ...statement })
    }
  }
  const complete = requireEcdsa(client)
  return (shares) => complete.ecdsa.sign({ ...call, client: complete }, shares, { ...setFields(shares), ...statement })
}

function setFields({ walletId, setId }: WalletShares) {
  return { kind: 'sign', walletId: toHex(walletId), setId: toHex(setId) } as const
}
