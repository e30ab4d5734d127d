import type { WalletShares } from '../../key-share/types.ts'
import { isEcdsaItem, type SignAllRequest } from '../../wire/sign-items.ts'
import { toHex } from '../../util/bytes.ts'
import { withDeadline } from '../deadline.ts'
import { hasEcdsa, requireEcdsa } from '../ecdsa-client.ts'
import { createProgress, plans } from '../progress.ts'
import { readBatch, type Batch, type SignAllParameters } from '../signing/sign-all-parameters.ts'
import { batchSigner, signAllSchnorr } from '../signing/sign-batch.ts'
import type { SignItemParameters } from '../signing/sign-parameters.ts'
import type { Client, EcdsaSignature, ReportedCall, Signature } from '../types.ts'
import { useActiveSet } from '../wallets/active-set.ts'

/** The signatures of {@link signAll}, in the order of its items. */
export type SignaturesOf<Items extends readonly SignItemParameters[]> = {
  -readonly [Index in keyof Items]: Items[Index]['scheme'] extends 'ecdsa' ? EcdsaSignature : Signature
}

/**
 * Makes several signatures with this device's set and the server: all of them, or none. The server's policy judges all of them
 * at once. The returned signatures have been verified.
 *
 * It takes one request, or two if there are items of ECDSA and fewer preprocessings than these. Each ECDSA signature without a
 * preprocessing transfers about 183,000 bytes; a server or proxy may limit how long a request is.
 *
 * @returns the signatures in the order of the items
 * @throws {ECDSA_UNAVAILABLE} if the client is one of `createFrostClient` and the scheme of an item is `ecdsa`
 * @throws {OT_POISONED} if there are items of ECDSA, and the server has been caught cheating with this set before, whatever
 *   `onCheating` is
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED | POLICY_DENIED | PROTOCOL_ABORTED} as
 *   {@link sign}: then nothing was signed
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * const items = ['m/0/0', 'm/0/1'].map((path) => ({ scheme: 'ecdsa', digest, path }) as const)
 * const signatures = await signAll(client, { walletId: wallet.id, items })
 */
export async function signAll<const Items extends readonly SignItemParameters[]>(
  client: Client,
  options: SignAllParameters<Items>,
): Promise<SignaturesOf<Items>> {
  const batch = readBatch(options)
  const { walletId } = options
  const progress = createProgress(client, plans.sign, options.onProgress)
  const usesEcdsa = batch.items.some(isEcdsaItem)
  const made = await withDeadline(client, { ...options, progress }, async (deadline, client) => {
    progress.begin('Reading share')
    return useActiveSet(client, deadline, walletId, signerOf({ client, deadline, progress }, batch, usesEcdsa))
  })
  progress.finish()
  if (usesEcdsa && hasEcdsa(client)) client.ecdsa.refill(client, walletId, made[0]!.setId)
  const signatures = new Array<Signature>(made.length)
  for (const [i, index] of batch.order.entries()) signatures[index] = made[i]!
  return signatures as SignaturesOf<Items>
}

/** @throws {ECDSA_UNAVAILABLE} if the client signs by FROST alone, and an item is for ECDSA */
function signerOf(
  call: ReportedCall,
  { items, intents }: Batch,
  usesEcdsa: boolean,
): (shares: WalletShares) => Promise<readonly Signature[]> {
  const requestOf = ({ walletId, setId }: WalletShares): SignAllRequest => ({
    kind: 'signAll',
    walletId: toHex(walletId),
    setId: toHex(setId),
    items,
    ...(intents && { intents }),
  })
  const { client, progress } = call
  if (usesEcdsa) {
    const complete = requireEcdsa(client)
    return (shares) =>
      complete.ecdsa.signAll({ ...call, client: complete }, shares, requestOf(shares), batchSigner(call, shares))
  }
  return (shares) => {
    progress.goTo('Signing')
    return signAllSchnorr(call, shares, requestOf(shares))
  }
}
