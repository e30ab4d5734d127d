import type { Group, Point, Scalar } from '../../curve/group.ts'
import { sum } from '../../sharing/scalars.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { isCodecError, type Reader } from '../../util/codec.ts'
import { abort, readMessage } from '../abort.ts'
import type { Inbox } from '../machine.ts'
import { type Nonces, opensCommitment } from './commitment-round.ts'
import { gadgetsOf } from './gadgets.ts'
import { type Multiplied, type Shares, type Started, voleSession } from './multiplication-round.ts'
import type { CheatReason } from './ot-pair.ts'
import { VOLE2_BYTES } from './parameters.ts'
import { Presignature } from './presignature.ts'
import { scalarOfCommitment } from './signature.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

const ROUND = 3
const POINT_BYTES = 33

/** What a peer has sent in round 3. */
interface Answer {
  readonly from: number
  readonly encodedR: Uint8Array
  readonly blinding: Uint8Array
  readonly encodedKey: Uint8Array
  readonly payload: Uint8Array
  /** Γ_u ‖ Γ_v */
  readonly gammas: readonly [Uint8Array, Uint8Array]
  /** ψ */
  readonly psi: Scalar
}

/** An answer whose points are points. */
interface Opened extends Answer {
  readonly R: Point
  readonly key: Point
}

function readAnswer(setup: SigningSetup, inbox: Inbox, from: number): Answer {
  const { group } = setup.backend
  const shown = readMessage(inbox.broadcast(ROUND, from), ROUND, from, (reader: Reader) => ({
    encodedR: reader.bytes(POINT_BYTES),
    blinding: reader.bytes(32),
    encodedKey: reader.bytes(POINT_BYTES),
  }))
  const sent = readMessage(inbox.direct(ROUND, from), ROUND, from, (reader: Reader) => ({
    payload: reader.bytes(VOLE2_BYTES),
    gammas: [reader.bytes(POINT_BYTES), reader.bytes(POINT_BYTES)] as const,
    psi: group.decodeScalar(reader.bytes(32), { allowZero: true }),
  }))
  return { from, ...shown, ...sent }
}

/** @throws {PROTOCOL_ABORTED} COMMIT or POINT, blaming the sender */
function openAnswer(setup: SigningSetup, inbox: Inbox, answer: Answer): Opened {
  const { group } = setup.backend
  const { from, encodedR, blinding, encodedKey } = answer
  if (!opensCommitment(setup, inbox, from, encodedR, blinding)) {
    abort('COMMIT', ROUND, [from], `participant ${from} opens another nonce than it committed to`)
  }
  const decode = (bytes: Uint8Array): Point =>
    readMessage(bytes, ROUND, from, (reader) => group.decodePoint(reader.bytes(POINT_BYTES)), 'POINT')
  return { ...answer, R: decode(encodedR), key: decode(encodedKey) }
}

/**
 * Ends the multiplications: checks everything that the peers have sent, in the order that keeps a ban for those who earn
 * it, and gives this signer's part of the presignature.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, POINT, PKSUM, SIG; CHEAT_VOLE or CHEAT_GAMMA after poisoning the state
 * @throws {OT_POISONED} if another session has poisoned it since
 */
export function completePresignature(
  setup: SigningSetup,
  sid: Uint8Array,
  inbox: Inbox,
  nonces: Nonces,
  started: ReadonlyMap<number, Started>,
  multiplied: Multiplied,
): Presignature {
  const { group } = setup.backend
  // The ban rule: these checks need no seeds, but a session does not outlive the cheat that another one has caught.
  for (const peer of others(setup)) void pairWith(setup, peer).secrets
  const received: Answer[] = []
  const opened: Shares[] = []
  let phi: Scalar | undefined
  try {
    for (const from of others(setup)) received.push(readAnswer(setup, inbox, from))
    const answers = received.map((answer) => openAnswer(setup, inbox, answer))
    checkKeySum(setup, multiplied, answers)
    for (const answer of answers) {
      opened.push(finishMultiplication(setup, sid, answer, started.get(answer.from) as Started))
    }
    const encodedR = encodeNonce(group, nonces, answers)
    const total = sum(group, [nonces.mask, ...received.map(({ psi }) => psi)])
    phi = total
    const column = (k: 0 | 1, own: Scalar): Scalar => {
      const product = group.multiply(own, total)
      const shares = [...multiplied.shares.values(), ...opened].map((pair) => pair[k])
      try {
        return sum(group, [product, ...shares])
      } finally {
        wipe(product)
      }
    }
    return new Presignature(
      aboutPresignature(setup, sid, encodedR),
      nonces.mask.slice() as Scalar,
      column(0, nonces.nonce),
      column(1, multiplied.key),
    )
  } finally {
    wipe(phi, ...opened.flat(), ...received.map(({ psi }) => psi))
  }
}

/** R = ΣR_i, encoded. */
function encodeNonce(group: Group, nonces: Nonces, answers: readonly Opened[]): Uint8Array {
  const R = answers.reduce((total, answer) => group.addPoints(total, answer.R), nonces.point)
  // Nobody can bring these about: every R_j was committed to before another one was shown.
  if (group.isIdentity(R)) abort('SIG', ROUND, [], 'the nonces add up to zero')
  const encodedR = group.encodePoint(R)
  if (group.isZero(scalarOfCommitment(group, encodedR))) abort('SIG', ROUND, [], 'r is zero')
  return encodedR
}

function aboutPresignature({ share, signers, encodedKey, mode }: SigningSetup, sid: Uint8Array, encodedR: Uint8Array) {
  return {
    id: ecdsaHash('presignature', sid, encodedR),
    setId: share.record.setId,
    publicKey: encodedKey,
    commitment: encodedR,
    signers,
    self: share.id,
    incarnation: mode.kind === 'presign' ? mode.incarnation : 0,
  }
}

/** ΣPK_j = pk'. Of two signers the other one is to blame; of more nobody knows which. */
function checkKeySum(setup: SigningSetup, { key }: Multiplied, answers: readonly Opened[]): void {
  const { group } = setup.backend
  const total = answers.reduce((sumOfKeys, answer) => group.addPoints(sumOfKeys, answer.key), group.multiplyBase(key))
  if (group.equalPoints(total, setup.publicKey)) return
  const blame = answers.length === 1 ? answers.map(({ from }) => from) : []
  abort('PKSUM', ROUND, blame, 'the parts of the key do not add up to it')
}

/**
 * d_u and d_v, once the peer's answer and its inputs hold: χ·R_j − d_u·G = Γ_u and χ·PK_j − d_v·G = Γ_v say that it
 * multiplied the nonce and the key that it has shown.
 */
function finishMultiplication(
  setup: SigningSetup,
  sid: Uint8Array,
  answer: Opened,
  { choices, rows, chi }: Started,
): Shares {
  const { backend, self } = setup
  const { group, vole } = backend
  const { from, payload, R, key, gammas } = answer
  const shares = orFormat(from, () =>
    vole.finish(voleSession(setup, sid, from, self), gadgetsOf(setup), rows, choices, payload),
  )
  if (shares === undefined) return cheat(setup, from, 'CHEAT_VOLE', 'multiplies inconsistently')
  const products = group.multiplyPointBatch([R, key], [chi, chi])
  const opened = group.multiplyBaseBatch(shares)
  const expected = products.map((product, k) => group.subtractPoints(product, opened[k] as Point))
  const holds =
    !expected.some((point) => group.isIdentity(point)) &&
    group.encodePoints(expected).every((encoded, k) => equalBytes(encoded, gammas[k] as Uint8Array))
  if (!holds) {
    wipe(...shares)
    return cheat(setup, from, 'CHEAT_GAMMA', 'multiplies something else than it has shown')
  }
  return shares
}

/** Poisons the state with a participant before anybody hears of it. */
function cheat(setup: SigningSetup, from: number, reason: CheatReason, what: string): never {
  pairWith(setup, from).poison(reason)
  return abort(reason, ROUND, [from], `participant ${from} ${what}`)
}

function orFormat<T>(from: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isCodecError(error)) throw error
    return abort('FORMAT', ROUND, [from], `participant ${from}: ${error.message}`)
  }
}
