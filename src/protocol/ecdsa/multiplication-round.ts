import type { Group, Point, Scalar } from '../../curve/group.ts'
import { sum } from '../../sharing/scalars.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { abort, readMessage } from '../abort.ts'
import type { Inbox, Message } from '../machine.ts'
import { scalarFromHash } from '../transcript.ts'
import type { Nonces } from './commitment-round.ts'
import { gadgetsOf } from './gadgets.ts'
import { COLUMN_BYTES, VOLE1_BYTES } from './parameters.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

/** Between a signer's message as Bob and the peer's answer; secret. */
export interface Started {
  readonly choices: Uint8Array
  readonly rows: Uint8Array
  /** χ */
  readonly chi: Scalar
}

/** A signer's shares c_u and c_v of its products as Alice; secret. */
export type Shares = readonly [Scalar, Scalar]

const ROUND = 2

/** vsid = TH("vole", sigSid, otDigest, Alice, Bob) */
export function voleSession(setup: SigningSetup, sid: Uint8Array, alice: number, bob: number): Uint8Array {
  const { signers, self } = setup
  const { digest } = pairWith(setup, alice === self ? bob : alice)
  return ecdsaHash('vole', sid, digest, signers[alice - 1] as number, signers[bob - 1] as number)
}

/** Round 2 to each peer: VOLE1, this signer as Bob. */
export function startMultiplications(
  setup: SigningSetup,
  sid: Uint8Array,
): { readonly started: Map<number, Started>; readonly messages: Message[] } {
  const { backend, self, random } = setup
  const gadgets = gadgetsOf(setup)
  const started = new Map<number, Started>()
  const messages = others(setup).map((peer): Message => {
    const vsid = voleSession(setup, sid, peer, self)
    const choices = random('choices', vsid)(COLUMN_BYTES)
    const { message, rows, chi } = backend.vole.start(vsid, gadgets, pairWith(setup, peer).secrets.choiceSeeds, choices)
    started.set(peer, { choices, rows, chi })
    return { to: peer, body: message }
  })
  return { started, messages }
}

/** sk_i = λ_i·(s_i + δ) + ζ_i: this signer's part of a fresh additive sharing of the key. */
export function additiveKey(setup: SigningSetup, sid: Uint8Array): Scalar {
  const { backend, share, signers, self, derivation } = setup
  const { group } = backend
  const lambda = group.lagrangeCoefficients(signers)[self - 1] as Scalar
  // Lagrange coefficients add up to one, so every signer adds the whole of δ.
  const derived = derivation === undefined ? share.secretShare : group.add(share.secretShare, derivation.tweak)
  const weighted = group.multiply(lambda, derived)
  const zeros = others(setup).map((peer) => {
    const seed = ecdsaHash('zero-share', pairWith(setup, peer).secrets.zeroSeed, sid)
    const zero = scalarFromHash(group, ecdsaHash, seed)
    wipe(seed)
    if (self < peer) return zero
    const negated = group.negate(zero)
    wipe(zero)
    return negated
  })
  try {
    return sum(group, [weighted, ...zeros])
  } finally {
    wipe(weighted, ...zeros)
    if (derivation !== undefined) wipe(derived)
  }
}

/** What a signer holds once it has multiplied. */
export interface Multiplied {
  /** sk_i */
  readonly key: Scalar
  readonly shares: ReadonlyMap<number, Shares>
}

/**
 * Round 3, this signer as Alice: to all `R_i | ρ_i[32] | PK_i`, to each peer `VOLE2 | Γ_u | Γ_v | ψ[32]`.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, or CHEAT_OTE after poisoning the state with the peer
 */
export function answerMultiplications(
  setup: SigningSetup,
  sid: Uint8Array,
  inbox: Inbox,
  nonces: Nonces,
  started: ReadonlyMap<number, Started>,
): { readonly multiplied: Multiplied; readonly messages: Message[] } {
  const { group } = setup.backend
  const key = additiveKey(setup, sid)
  const shares = new Map<number, Shares>()
  const answers = new Map<number, Uint8Array>()
  try {
    for (const peer of others(setup)) {
      const { answer, shares: own } = multiplyWith(setup, sid, inbox, peer, nonces.nonce, key)
      answers.set(peer, answer)
      shares.set(peer, own)
    }
  } catch (error) {
    wipe(key, ...[...shares.values()].flat())
    throw error
  }
  const [encodedKey, ...gammas] = encodeProducts(group, key, [...shares.values()])
  const direct = others(setup).map((peer, i): Message => {
    const psi = group.subtract(nonces.mask, (started.get(peer) as Started).chi)
    const answer = answers.get(peer) as Uint8Array
    const body = concatBytes(answer, gammas[2 * i] as Uint8Array, gammas[2 * i + 1] as Uint8Array, psi)
    wipe(psi)
    return { to: peer, body }
  })
  const broadcast = { to: 0, body: concatBytes(nonces.encoded, nonces.blinding, encodedKey as Uint8Array) }
  return { multiplied: { key, shares }, messages: [broadcast, ...direct] }
}

/** PK_i = sk_i·G, then Γ_u = c_u·G and Γ_v = c_v·G of each peer, encoded. */
function encodeProducts(group: Group, key: Scalar, shares: readonly Shares[]): Uint8Array[] {
  const points: Point[] = group.multiplyBaseBatch([key, ...shares.flat()])
  return group.encodePoints(points)
}

function multiplyWith(setup: SigningSetup, sid: Uint8Array, inbox: Inbox, peer: number, nonce: Scalar, key: Scalar) {
  const { backend, self, random } = setup
  const message = readMessage(inbox.direct(ROUND, peer), ROUND, peer, (reader) => reader.bytes(VOLE1_BYTES))
  const pair = pairWith(setup, peer)
  const { multiplierSeeds, delta } = pair.secrets
  const vsid = voleSession(setup, sid, self, peer)
  const check = backend.group.randomScalar(random('check', vsid))
  const inputs = [nonce, key, check] as const
  const product = backend.vole.multiply(vsid, gadgetsOf(setup), multiplierSeeds, delta, message, inputs)
  wipe(check)
  if (product !== undefined) return product
  pair.poison('CHEAT_OTE')
  return abort('CHEAT_OTE', ROUND, [peer], `participant ${peer} extends transfers inconsistently`)
}
