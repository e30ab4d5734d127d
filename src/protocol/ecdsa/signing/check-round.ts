import type { Point, Scalar } from '../../../curve/group.ts'
import { findParty, type SetParty } from '../../../key-share/index.ts'
import { sum } from '../../../secret-sharing/scalars.ts'
import type { PartyId } from '../../../types.ts'
import { equalBytes, wipe } from '../../../util/bytes.ts'
import type { Reader } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Inbox } from '../../session/machine.ts'
import { type Nonces, opensCommitment } from './commitment-round.ts'
import type { Products } from './multiplication-round.ts'
import { POINT_BYTES } from '../ot/parameters.ts'
import type { Prepared } from './prepared.ts'
import type { ShareParts } from './signature-share.ts'
import { scalarOfCommitment } from './signature.ts'
import { cheat, isManySigners, others, otStateWith, roundOf, type SigningSetup } from './signing-setup.ts'

/** A peer's message of round 3. */
interface PeerDecommitment {
  readonly from: number
  readonly encodedR: Uint8Array
  readonly blinding: Uint8Array
  readonly R: Point
  /** X_j, the public part of the key that the peer must have multiplied */
  readonly key: Point
  /** γ_k and γ_x */
  readonly corrections: readonly [Scalar, Scalar]
  /** Γ_k and Γ_x, encoded */
  readonly gammas: readonly [Uint8Array, Uint8Array]
  /** ψ of more than two signers; zero of two */
  readonly psi: Scalar
}

/** The result of all decommitments. */
export interface Opened {
  /** R, 33 bytes */
  readonly encodedR: Uint8Array
  /** This signer's parts of the signature; secret. */
  readonly parts: ShareParts
}

/**
 * Checks the peers' decommitments, and computes this signer's shares of k·φ and x·φ. Two signers follow Protocol 6.2 of Asharov,
 * eprint 2026/976, more signers DKLs23.
 *
 * The checks that need no ban come first, so that only a peer that has cheated is banned.
 *
 * @param key x_i
 * @throws {PROTOCOL_ABORTED} SID, FORMAT, COMMIT, POINT, PKSUM, SIG; CHEAT_GAMMA after poisoning the state with the peer
 * @throws {OT_POISONED} if another session has poisoned it since
 */
export function checkDecommitments(setup: SigningSetup, inbox: Inbox, prepared: Prepared, key: Scalar): Opened {
  const { group } = setup.backend
  const { nonces, products } = prepared
  // These checks need no seeds. But if another session has banned a peer, this one must end as well.
  for (const peer of others(setup)) void otStateWith(setup, peer).secrets
  const decommitments = readDecommitments(setup, inbox, prepared, key)
  const corrected: (readonly [Scalar, Scalar])[] = []
  let phi: Scalar | undefined
  try {
    for (const decommitment of decommitments) {
      corrected.push(correct(setup, decommitment, (products.get(decommitment.from) as Products).asBob))
    }
    const encodedR = addNonces(setup, nonces, decommitments)
    const mask = maskOf(setup, prepared)
    const total = sum(group, [mask, ...decommitments.map(({ psi }) => psi)])
    phi = total
    const part = (k: 0 | 1, own: Scalar): Scalar => {
      const product = group.multiply(own, total)
      const sent = [...products.values()].map(({ asAlice }) => asAlice.shares[k])
      try {
        return sum(group, [product, ...sent, ...corrected.map((pair) => pair[k])])
      } finally {
        wipe(product)
      }
    }
    return { encodedR, parts: { mask, denominator: part(0, nonces.nonce), keyed: part(1, key) } }
  } finally {
    wipe(phi, ...corrected.flat(), ...decommitments.flatMap(({ corrections, psi }) => [...corrections, psi]))
  }
}

/** A copy of φ_i: of two signers the β of the multiplication, of more the value that this signer has drawn. */
function maskOf(setup: SigningSetup, { nonces, products }: Prepared): Scalar {
  const [only] = products.values()
  return (isManySigners(setup) ? nonces.mask : (only as Products).asBob.factor).slice() as Scalar
}

function readDecommitments(setup: SigningSetup, inbox: Inbox, prepared: Prepared, key: Scalar): PeerDecommitment[] {
  const { group } = setup.backend
  const round = roundOf(setup, 'decommitment')
  const isMany = isManySigners(setup)
  const read = others(setup).map((from) => {
    const shown = readMessage(inbox.broadcast(round, from), round, from, (reader: Reader) => ({
      greeting: setup.greeting.map(({ length }) => reader.bytes(length)),
      encodedR: reader.bytes(POINT_BYTES),
      blinding: reader.bytes(32),
      encodedKey: reader.bytes(isMany ? POINT_BYTES : 0),
    }))
    const scalar = (reader: Reader): Scalar => group.decodeScalar(reader.bytes(32), { allowZero: true })
    const sent = readMessage(inbox.direct(round, from), round, from, (reader: Reader) => ({
      corrections: [scalar(reader), scalar(reader)] as const,
      gammas: [reader.bytes(POINT_BYTES), reader.bytes(POINT_BYTES)] as const,
      psi: isMany ? scalar(reader) : group.scalar(0),
    }))
    return { from, ...shown, ...sent }
  })
  if (!read.every(({ greeting }) => greeting.every((part, i) => equalBytes(part, setup.greeting[i] as Uint8Array)))) {
    abort('SID', round, [], 'a signer signs something else')
  }
  for (const decommitment of read) {
    const { from } = decommitment
    const commitment = prepared.commitments.get(from)
    if (commitment === undefined || !opensCommitment(setup, prepared.statement, commitment, decommitment)) {
      abort('COMMIT', round, [from], `participant ${from} does not open its commitment to a nonce`)
    }
  }
  const decommitments = read.map(({ from, encodedR, encodedKey, ...sent }): PeerDecommitment => {
    const decode = (bytes: Uint8Array): Point =>
      readMessage(bytes, round, from, (reader) => group.decodePoint(reader.bytes(POINT_BYTES)), 'POINT')
    const partOfKey = isMany ? decode(encodedKey) : publicPartVar(setup, from)
    return { from, encodedR, ...sent, R: decode(encodedR), key: partOfKey }
  })
  if (isMany) {
    const total = decommitments.reduce(
      (sumOfKeys, decommitment) => group.addPoints(sumOfKeys, decommitment.key),
      group.multiplyBase(key),
    )
    if (!group.equalPoints(total, setup.publicKey))
      abort('PKSUM', round, [], 'the parts of the key do not add up to it')
  }
  return decommitments
}

/** X_j = λ_j·(Y_j + δ·G): the public point of the peer's `additiveKey`, with two signers. */
function publicPartVar({ backend, share, signers, derivation }: SigningSetup, participant: number): Point {
  const { group } = backend
  const lambda = group.lagrangeCoefficients(signers)[participant - 1] as Scalar
  const { verifyingShare } = findParty(share.record, signers[participant - 1] as PartyId) as SetParty
  if (derivation === undefined) return group.linearCombinationVar([verifyingShare], [lambda])
  const tweak = group.multiply(lambda, derivation.tweak)
  try {
    return group.linearCombinationVar([verifyingShare, group.generator], [lambda, tweak])
  } finally {
    wipe(tweak)
  }
}

/**
 * Computes c_k = γ_k·β + r_k and c_x = γ_x·β + r_x. The checks c_k·G = β·R_j − Γ_k and c_x·G = β·X_j − Γ_x show that the
 * peer has multiplied its own nonce and its own part of the key.
 */
function correct(
  setup: SigningSetup,
  decommitment: PeerDecommitment,
  { factor, shares }: Products['asBob'],
): [Scalar, Scalar] {
  const { group } = setup.backend
  const { from, R, key, corrections, gammas } = decommitment
  const corrected = shares.map((share, k) => {
    const shift = group.multiply(corrections[k] as Scalar, factor)
    try {
      return group.add(shift, share)
    } finally {
      wipe(shift)
    }
  }) as [Scalar, Scalar]
  const products = group.multiplyPointBatch([R, key], [factor, factor])
  const opened = group.multiplyBaseBatch(corrected)
  const expected = products.map((product, k) => group.subtractPoints(product, opened[k] as Point))
  const holds =
    !expected.some((point) => group.isIdentity(point)) &&
    group.encodePoints(expected).every((encoded, k) => equalBytes(encoded, gammas[k] as Uint8Array))
  if (holds) return corrected
  wipe(...corrected)
  return cheat(
    setup,
    { round: roundOf(setup, 'decommitment'), from },
    'CHEAT_GAMMA',
    'multiplies something else than it has shown',
  )
}

/** R = ΣR_i, encoded. */
function addNonces(setup: SigningSetup, nonces: Nonces, decommitments: readonly PeerDecommitment[]): Uint8Array {
  const { group } = setup.backend
  const round = roundOf(setup, 'decommitment')
  const R = decommitments.reduce((total, decommitment) => group.addPoints(total, decommitment.R), nonces.point)
  // Nobody can cause these on purpose: every R_j was committed to before any other was opened.
  if (group.isIdentity(R)) abort('SIG', round, [], 'the nonces add up to zero')
  const encodedR = group.encodePoint(R)
  if (group.isZero(scalarOfCommitment(group, encodedR))) abort('SIG', round, [], 'r is zero')
  return encodedR
}

/** Round 4 of more than two signers: `ctx[32] | R`, which each of them is about to sign with. */
export function comparisonMessage({ statement }: SigningSetup, encodedR: Uint8Array): Uint8Array {
  const body = new Uint8Array(32 + POINT_BYTES)
  body.set(statement)
  body.set(encodedR, 32)
  return body
}

/**
 * Checks that all signers have the same statement and the same R, including the parity of its y, before any of them sends
 * its signature share. Otherwise a signer that gave others different views of R would get shares of different signatures
 * (Segev, eprint 2026/929).
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, or ECHO, which blames nobody
 */
export function checkComparison(setup: SigningSetup, inbox: Inbox, encodedR: Uint8Array): void {
  const round = roundOf(setup, 'comparison')
  const own = comparisonMessage(setup, encodedR)
  const read = others(setup).map((from) =>
    readMessage(inbox.broadcast(round, from), round, from, (reader) => reader.bytes(own.length)),
  )
  if (!read.every((body) => equalBytes(body, own))) abort('ECHO', round, [], 'the signers have different nonces')
}
