import type { SessionMessage } from '../../wire/round-body.ts'
import type { SignBip340Request, SignEd25519Request } from '../../wire/operations.ts'
import { frostShare, signedIntent } from '../../wire/signing.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { getGroup } from '../../curve/index.ts'
import { createSigning } from '../../protocol/frost/session.ts'
import { wipeKeyShare, type KeyShare, type WalletShares } from '../../key-share/index.ts'
import { partyId } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { advanceSessions } from './sessions.ts'
import type { RoundOutput, RoundInput } from './round.ts'
import { signatureCompletion } from './completions.ts'
import { openSourceShare, sourceOf } from './source.ts'

type FrostRequest = SignEd25519Request | SignBip340Request

/**
 * Signs with FROST: takes the client's commitments, returns the server's commitments and signature share. The share is sent
 * only if the set is still ACTIVE when its use is recorded. The nonces are wiped with the request.
 */
export async function signFrostRound(context: ServerContext, input: RoundInput<FrostRequest>): Promise<RoundOutput> {
  await sourceOf(context, input)
  const messages = signWith(context, input, openSourceShare(context, input))
  return { messages, completion: signatureCompletion(context, input) }
}

/** The server's side of a signature. @param serverShare is wiped */
function signWith(
  context: ServerContext,
  input: RoundInput<FrostRequest>,
  serverShare: WalletShares,
): readonly SessionMessage[] {
  let share: KeyShare | undefined
  try {
    share = signingShare(input.request, serverShare.shares)
    return sign(context, input, share).messages
  } finally {
    for (const secret of [...serverShare.shares, ...(share ? [share] : [])]) wipeKeyShare(secret)
  }
}

function signingShare(request: FrostRequest, shares: readonly KeyShare[]): KeyShare {
  const curve = request.scheme === 'ed25519' ? 'ed25519' : 'secp256k1'
  const share = shares.find(({ record }) => record.curve === curve) as KeyShare
  return frostShare(getGroup(curve), share, request)
}

function sign({ random }: ServerContext, { request, messages }: RoundInput<FrostRequest>, share: KeyShare) {
  const session = createSigning({
    scheme: request.scheme,
    group: getGroup(share.record.curve),
    share,
    signers: partiesOf('signing').map(({ id }) => id),
    aggregator: partyId(1),
    message: fromHex(request.message),
    ...signedIntent(request),
    random,
  })
  try {
    return advanceSessions([session], messages, true)
  } finally {
    session.dispose()
  }
}
