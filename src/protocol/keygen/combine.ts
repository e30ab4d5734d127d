import type { Point, Scalar } from '../../curve/group.ts'
import { sumCommitments } from '../../secret-sharing/feldman.ts'
import { sum } from '../../secret-sharing/scalars.ts'
import type { PartyId } from '../../types.ts'
import { wipe } from '../../util/bytes.ts'
import { readMessage } from '../session/abort.ts'
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
import type { IdentifiedEnvironment, SessionEnvironment } from '../dealing/environment.ts'
import { createHasher } from '../transcript/transcript.ts'
import type { KeygenConfig } from './config.ts'

/** What another party dealt to this one in round 2. */
interface Dealt extends ReceivedDecommitment {
  readonly share: Scalar
}

interface CheckedDealt extends Dealt {
  readonly commitment: readonly Point[]
}

/**
 * Checks what the other parties dealt in round 2 and adds it to this party's own dealing.
 *
 * @param dealing this party's own; the caller wipes it
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, DEGREE, POINT, POK, FELDMAN or PKSUM
 */
export function combineDealings(
  environment: IdentifiedEnvironment,
  config: KeygenConfig,
  dealing: Dealing,
  inbox: Inbox,
): ReceiverTemplate {
  const { group, context, self, sid } = environment
  const hash = createHasher(group.curve, 'keygen')
  const others = config.parties.map((_, i) => i + 1).filter((participant) => participant !== self)
  const received: Dealt[] = []
  try {
    for (const from of others) received.push(readDealt(environment, from, inbox))
    const id = config.parties[self - 1]?.id as PartyId
    const dealt = checkDealt(environment, config, received, inbox)
    const transcript = hash('T', sid, inbox.broadcasts(1), inbox.broadcasts(2))
    const setId = hash('set', context, transcript)
    const chainCode = hash('cc', sid, chainCodeParts(self, dealing, dealt))
    const total = sumCommitments(group, [dealing.commitment, ...dealt.map(({ commitment }) => commitment)])
    const record = buildRecord(group, total, { ...config, setId, chainCode }, 2)
    return { transcript, record, own: { id, secretShare: addShares(environment, id, dealing, dealt) } }
  } finally {
    wipe(...received.map(({ share }) => share))
  }
}

function readDealt({ group }: SessionEnvironment, from: number, inbox: Inbox): Dealt {
  const decommitment = readMessage(inbox.broadcast(2, from), 2, from, (reader) => readDecommitment(group, reader, 32))
  const share = readMessage(inbox.direct(2, from), 2, from, (reader) => readSecret(group, reader))
  return { from, decommitment, share }
}

function checkDealt(
  environment: IdentifiedEnvironment,
  config: KeygenConfig,
  received: readonly Dealt[],
  inbox: Inbox,
): CheckedDealt[] {
  for (const { from, decommitment } of received) {
    checkCommitment(
      environment,
      from,
      readMessage(inbox.broadcast(1, from), 1, from, readCommitmentMessage),
      decommitment,
    )
    checkDegree({ from, decommitment }, config.threshold)
  }
  const dealt = received.map((one) => ({
    ...one,
    commitment: readPoints(environment.group, one.from, one.decommitment.encoded),
  }))
  const constants = dealt.map(({ commitment }) => commitment[0] as Point)
  checkKnowledge(environment, dealt, constants)
  checkShares(environment.group, dealt, config.parties[environment.self - 1]?.id as PartyId, 2)
  return dealt
}

function chainCodeParts(self: number, dealing: Dealing, dealt: readonly Dealt[]): Uint8Array[] {
  const parts = dealt.map(({ decommitment }) => decommitment.chainCodePart)
  parts.splice(self - 1, 0, dealing.chainCodePart)
  return parts
}

/** s_i = Σ f_j(i). It is not zero, since Y_i = s_i·G in the record is not the identity. */
function addShares({ group }: SessionEnvironment, id: PartyId, dealing: Dealing, dealt: readonly Dealt[]): Scalar {
  const own = group.evaluatePolynomial(dealing.coefficients, [id])
  try {
    return sum(group, [...own, ...dealt.map((one) => one.share)])
  } finally {
    wipe(...own)
  }
}
