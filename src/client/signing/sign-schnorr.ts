import { operationSessions } from '../../wire/operation-definitions.ts'
import type { SignBip340Request, SignEd25519Request } from '../../wire/operations.ts'
import { frostShare, signedIntent } from '../../wire/signing.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { MpcError } from '../../errors.ts'
import { createSigning } from '../../protocol/frost/session.ts'
import { frostSuite } from '../../protocol/frost/suites.ts'
import { verifySignature } from '../../protocol/frost/verify.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { Deadline } from '../deadline.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import { newOperationId, runOperation } from '../operations/run-operation.ts'
import type { Client, Signature } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

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
  const [sessionIndex] = operationSessions(request)
  const own = shareOn(shares, sessionIndex!.curve)
  const derived = frostShare(client.group(own.record.curve), own, request)
  try {
    return await signWith(client, deadline, derived, request)
  } finally {
    wipeKeyShare(derived)
  }
}

async function signWith(
  client: Client,
  deadline: Deadline,
  share: KeyShare,
  request: SignEd25519Request | SignBip340Request,
): Promise<Signature> {
  const { scheme, setId } = request
  const group = client.group(share.record.curve)
  const message = fromHex(request.message)
  const signers = partiesOf('signing').map(({ id }) => id)
  const { random } = client
  const signed = { message, ...signedIntent(request) }
  const { result, results } = await runOperation(client, deadline, {
    operationId: newOperationId(client),
    request,
    sessions: [createSigning({ scheme, group, share, signers, aggregator: share.id, ...signed, random })],
  })
  const signature = results[0]?.signature
  const encoded = group.encodePoint(share.record.publicKey)
  const publicKey = scheme === 'bip340' ? encoded.slice(1) : encoded
  // The aggregator has checked the signature shares; this checks the signature as any verifier will.
  if (!signature || !verifySignature(frostSuite(scheme, group), publicKey, message, signature)) {
    throw new MpcError('PROTOCOL_ABORTED', 'the signature does not verify')
  }
  verifyUsedSet(result, setId)
  return { signature, publicKey, setId }
}
