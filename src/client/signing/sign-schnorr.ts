import type { SignBip340Request, SignEd25519Request } from '../../wire/operations.ts'
import type { SignBip340Item, SignEd25519Item } from '../../wire/sign-items.ts'
import { frostShare, signedIntent } from '../../wire/signing.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { MpcError } from '../../errors.ts'
import { createSigning, type SigningResult } from '../../protocol/frost/session.ts'
import { frostSuite } from '../../protocol/frost/suites.ts'
import { verifySignature } from '../../protocol/frost/verify.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { fromHex, toHex } from '../../util/bytes.ts'
import type { Deadline } from '../deadline.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import type { Client, ItemSession, Signature } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

/** What a FROST session signs: a request, or an item of one. */
type FrostStatement = SignEd25519Request | SignBip340Request | SignEd25519Item | SignBip340Item

/**
 * Makes a FROST signature in one request.
 *
 * @throws {RangeError} for a path or tweak that leads to no key (one in 2^127)
 */
export async function signSchnorr(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  request: SignEd25519Request | SignBip340Request,
): Promise<Signature> {
  const { session, finish } = openSchnorr(client, shares, request, signedIntent(request))
  const { result, results } = await runOperation(client, deadline, {
    operationId: newOperationId(client),
    request,
    sessions: [session],
  })
  const signature = finish(results[0])
  verifyUsedSet(result, request.setId)
  return signature
}

/**
 * Opens the session of a FROST signature.
 *
 * @param bound what the session is bound to
 * @throws {RangeError} for a path or tweak that leads to no key (one in 2^127)
 */
export function openSchnorr(
  client: Client,
  shares: WalletShares,
  statement: FrostStatement,
  bound: { readonly intent?: Uint8Array },
): ItemSession<SigningResult> {
  const { scheme } = statement
  const group = client.group(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const message = fromHex(statement.message)
  const { random } = client
  const signers = partiesOf('signing').map(({ id }) => id)
  const share = frostShare(group, shareOn(shares, group.curve), statement)
  try {
    const session = createSigning({ scheme, group, share, signers, aggregator: share.id, message, ...bound, random })
    const encoded = group.encodePoint(share.record.publicKey)
    const publicKey = scheme === 'bip340' ? encoded.slice(1) : encoded
    const finish = (result: SigningResult | undefined): Signature => {
      const signature = result?.signature
      // The aggregator has checked the signature shares; this checks the signature as any verifier will.
      if (!signature || !verifySignature(frostSuite(scheme, group), publicKey, message, signature)) {
        throw new MpcError('PROTOCOL_ABORTED', 'the signature does not verify')
      }
      return { signature, publicKey, setId: toHex(shares.setId) }
    }
    return { session, finish }
  } finally {
    wipeKeyShare(share)
  }
}
