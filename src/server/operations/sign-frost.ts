import type { SessionMessage } from '../../wire/round-body.ts'
import type { SignBip340Request, SignEd25519Request } from '../../wire/operations.ts'
import type { SignBip340Item, SignEd25519Item } from '../../wire/sign-items.ts'
import { frostShare, signedIntent } from '../../wire/signing.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { getGroup } from '../../curve/index.ts'
import { createSigning, type SigningResult } from '../../protocol/frost/session.ts'
import type { Session } from '../../protocol/session/session.ts'
import { wipeKeyShare, type KeyShare, type WalletShares } from '../../key-share/index.ts'
import { partyId } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { advanceSessions } from './sessions.ts'
import type { RoundOutput, RoundInput } from './round.ts'
import { signatureCompletion } from './completions.ts'
import { openSourceShare, sourceOf } from './source.ts'

type FrostRequest = SignEd25519Request | SignBip340Request

/** What a FROST session signs: a request, or an item of one. */
type FrostStatement = FrostRequest | SignEd25519Item | SignBip340Item

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
  { request, messages }: RoundInput<FrostRequest>,
  serverShare: WalletShares,
): readonly SessionMessage[] {
  let session: Session<SigningResult> | undefined
  try {
    session = openFrost(context, serverShare, request, signedIntent(request))
    return advanceSessions([session], messages, true).messages
  } finally {
    session?.dispose()
    serverShare.shares.forEach(wipeKeyShare)
  }
}

/** The server's session of a FROST signature. @param bound what it is bound to */
export function openFrost(
  { random }: ServerContext,
  { shares }: WalletShares,
  statement: FrostStatement,
  bound: { readonly intent?: Uint8Array },
): Session<SigningResult> {
  const { scheme } = statement
  const group = getGroup(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const share = frostShare(group, shares.find(({ record }) => record.curve === group.curve) as KeyShare, statement)
  try {
    return createSigning({
      scheme,
      group,
      share,
      signers: partiesOf('signing').map(({ id }) => id),
      aggregator: partyId(1),
      message: fromHex(statement.message),
      ...bound,
      random,
    })
  } finally {
    wipeKeyShare(share)
  }
}
