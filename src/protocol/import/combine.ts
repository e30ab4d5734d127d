import type { Point, Scalar } from '../../curve/group.ts'
import type { HpkeKeyPair } from '../../hpke/x25519.ts'
import { sumCommitments } from '../../secret-sharing/feldman.ts'
import { sum } from '../../secret-sharing/scalars.ts'
import type { PartyId } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { abort, readMessage } from '../session/abort.ts'
import { checkCommitment, readCommitmentMessage } from '../dealing/commitment.ts'
import { buildRecord, type ReceiverTemplate } from '../dealing/record-template.ts'
import { type Dealing, readSecret } from '../dealing/dealing.ts'
import type { Inbox } from '../session/machine.ts'
import {
  checkDegree,
  checkKnowledge,
  checkShares,
  type ReceivedDecommitment,
  readDecommitment,
  readPoints,
} from '../dealing/decommitment.ts'
import type { IdentifiedEnvironment } from '../dealing/environment.ts'
import { createHasher } from '../transcript/transcript.ts'
import type { ImportConfig } from './config.ts'
import { openShare } from './sealing.ts'

/** What this party has of its own. */
export interface Own {
  readonly dealing: Dealing
  /** What the dealer's share is sealed to; undefined at the dealer. */
  readonly keyPair: HpkeKeyPair | undefined
}

interface Dealt extends ReceivedDecommitment {
  /** f(id) of the dealer, h_i(id) of another party. Secret. */
  readonly share: Scalar
}

/**
 * Checks what the other parties dealt in round 2, and adds it to this party's own dealing.
 *
 * @param own the caller wipes it
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, DEGREE, PIN, POINT, POK, FELDMAN or PKSUM
 */
export function combineImport(
  environment: IdentifiedEnvironment,
  config: ImportConfig,
  own: Own,
  inbox: Inbox,
): ReceiverTemplate {
  const { group, context, self, sid } = environment
  const hash = createHasher(group.curve, 'import')
  const others = config.parties.map((_, i) => i + 1).filter((participant) => participant !== self)
  const received: Dealt[] = []
  try {
    for (const from of others) received.push(readDealt(environment, config, { from, keyPair: own.keyPair }, inbox))
    const id = config.parties[self - 1]?.id as PartyId
    const commitments = checkDealt(environment, config, received, inbox)
    const all = [...commitments, { from: self, commitment: own.dealing.commitment }]
    const total = sumCommitments(
      group,
      all.map(({ from, commitment }) => (from === config.dealer ? commitment : [group.identity, ...commitment])),
    )
    const transcript = hash('T', sid, inbox.broadcasts(1), inbox.broadcasts(2))
    const setId = hash('set', context, transcript)
    const chainCode = config.chainCode ?? hash('cc', sid, chainCodeParts(self, own.dealing, received))
    const record = buildRecord(group, total, { ...config, setId, chainCode }, 2)
    return { transcript, record, own: { id, secretShare: addShares(environment, config, own.dealing, received) } }
  } finally {
    wipe(...received.map(({ share }) => share))
  }
}

function readDealt(
  environment: IdentifiedEnvironment,
  config: ImportConfig,
  { from, keyPair }: { readonly from: number; readonly keyPair: HpkeKeyPair | undefined },
  inbox: Inbox,
): Dealt {
  const { group } = environment
  const decommitment = readMessage(inbox.broadcast(2, from), 2, from, (reader) => readDecommitment(group, reader, 32))
  const body = inbox.direct(2, from)
  const share =
    from === config.dealer
      ? openShare(environment, from, keyPair as HpkeKeyPair, body)
      : readMessage(body, 2, from, (reader) => readSecret(group, reader))
  return { from, decommitment, share }
}

interface CheckedDealing {
  readonly from: number
  /** Of f at the dealer, of h_i at another party. */
  readonly commitment: readonly Point[]
}

function checkDealt(
  environment: IdentifiedEnvironment,
  config: ImportConfig,
  received: readonly Dealt[],
  inbox: Inbox,
): CheckedDealing[] {
  const { group, self } = environment
  for (const { from, decommitment } of received) {
    const message = inbox.broadcast(1, from).subarray(0, 64)
    checkCommitment(environment, from, readMessage(message, 1, from, readCommitmentMessage), decommitment)
    checkDegree({ from, decommitment }, from === config.dealer ? config.threshold : config.threshold - 1)
    if (from === config.dealer && !equalBytes(decommitment.encoded[0] as Uint8Array, config.encodedKey)) {
      abort('PIN', 2, [from], 'the dealer deals another key than was agreed on')
    }
  }
  const dealt = received.map((one) => ({ ...one, commitment: readPoints(group, one.from, one.decommitment.encoded) }))
  checkKnowledge(
    environment,
    dealt,
    dealt.map(({ commitment }) => commitment[0] as Point),
  )
  checkShares(group, dealt, config.parties[self - 1]?.id as PartyId, 2)
  return dealt
}

function chainCodeParts(self: number, dealing: Dealing, received: readonly Dealt[]): Uint8Array[] {
  const parts = received.map(({ decommitment }) => decommitment.chainCodePart)
  parts.splice(self - 1, 0, dealing.chainCodePart)
  return parts
}

/** s_j = f(j) + Σ j·h_i(j). It is not zero, since Y_j = s_j·G in the record is not the identity. */
function addShares(
  { group, self }: IdentifiedEnvironment,
  { dealer, parties }: ImportConfig,
  dealing: Dealing,
  received: readonly Dealt[],
): Scalar {
  const id = parties[self - 1]?.id as PartyId
  const own = group.evaluatePolynomial(dealing.coefficients, [id])[0] as Scalar
  const dealt = [...received, { from: self, share: own }]
  const masks = dealt.filter(({ from }) => from !== dealer).map(({ share }) => group.multiply(share, group.scalar(id)))
  try {
    const { share } = dealt.find(({ from }) => from === dealer) as { readonly share: Scalar }
    return sum(group, [share, ...masks])
  } finally {
    wipe(own, ...masks)
  }
}
