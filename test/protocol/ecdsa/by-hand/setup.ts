import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'

import { respondToExtension, challengesOf, extend, splitMessage } from './extension.ts'
import {
  bit,
  concat,
  Draws,
  EMPTY,
  hex,
  item,
  range,
  scalarBytes,
  setupHash,
  short,
  signHash,
  type Tape,
  tree,
  u32,
  unhex,
  xor,
} from './hashing.ts'
import { Transcript } from './transcript.ts'

// The setup of docs/ecdsa.md between all parties of a list, seen by somebody who knows the randomness of all of them.

const { Point } = secp256k1
type Point = InstanceType<typeof Point>
const DST = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'

export interface SetupInput {
  readonly parties: readonly number[]
  readonly binding: Uint8Array
  readonly tapes: ReadonlyMap<number, Tape>
  readonly setId: Uint8Array
}

/** What one party keeps of its setup with one peer. */
export interface PairState {
  readonly digest: Uint8Array
  readonly zeroSeed: Uint8Array
  readonly delta: Uint8Array
  readonly seeds: Uint8Array
  readonly pairs: Uint8Array
}

/** By `self peer` */
export type States = ReadonlyMap<string, PairState>

function hashToCurve(otSid: Uint8Array, index: number, branch: number, string: Uint8Array): Point {
  const message = concat(otSid, u32(index), Uint8Array.of(branch), string)
  return Point.fromBytes(secp256k1_hasher.hashToCurve(message, { DST }).toBytes(true))
}

/** Of two parties the second one offers; of more, who is at an odd distance and higher, or at an even one and lower. */
function offers({ parties }: SetupInput, one: number, other: number): boolean {
  const distance = Math.abs(parties.indexOf(one) - parties.indexOf(other))
  return distance % 2 === 1 ? one > other : one < other
}

function makeOffers(otSid: Uint8Array, draws: Draws, peer: number) {
  const choices = draws.bytes(`setup with ${peer}: choices`, 16)
  const exponents = range(128).map(() => draws.scalar(`setup with ${peer}: t of each transfer`))
  const strings = draws.bytes(`setup with ${peer}: v of all transfers`, 128 * 33)
  const message = exponents.map((t, i) => {
    const v = item(strings, i, 33)
    const point = Point.BASE.multiply(t)
      .subtract(hashToCurve(otSid, i, bit(choices, i), v))
      .toBytes(true)
    return concat(bit(choices, i) === 1 ? xor(v, point) : v, point)
  })
  return { choices, exponents, message: concat(...message) }
}

/** The keys of one direction of a response, k_{i,0} ‖ k_{i,1}, and z. */
function respondToOffers(otSid: Uint8Array, message: Uint8Array, b: bigint) {
  const z = Point.BASE.multiply(b).toBytes(true)
  const context = contextOf(otSid, message, z)
  const keys = range(256).map((at) => {
    const [i, c] = [at >> 1, at & 1]
    const [s, encoded] = [item(message, 2 * i, 33), item(message, 2 * i + 1, 33)]
    const branch = Point.fromBytes(encoded).add(hashToCurve(otSid, i, c, c === 1 ? xor(s, encoded) : s))
    return otKey(context, i, c, branch.multiply(b))
  })
  return { z, context, keys: concat(...keys) }
}

function contextOf(otSid: Uint8Array, message: Uint8Array, z: Uint8Array): Uint8Array {
  return short(setupHash, 'ot-context', tree(setupHash, 'ot-offer', otSid, message), z)
}

function otKey(context: Uint8Array, index: number, branch: number, point: Point): Uint8Array {
  return short(setupHash, 'ot-key', context, concat(u32(index), Uint8Array.of(branch), point.toBytes(true)))
}

function reversedKeys(context: Uint8Array, message: Uint8Array, rows: readonly Uint8Array[]): Uint8Array[] {
  const digest = tree(signHash, 'ote-u', context, splitMessage(message, 128).u)
  return rows.map((row, j) => short(setupHash, 'ot-reversed-key', digest, concat(row, u32(j))))
}

const complement = (bits: Uint8Array) => bits.map((byte) => byte ^ 0xff)

/** Runs the setup; gives every message, every state, and the hashes on the way. */
export function setupByHand(input: SetupInput) {
  const { parties, binding, tapes, setId } = input
  const ctx = setupHash('ctx', binding, Uint8Array.from(parties), EMPTY)
  const numberOf = (id: number) => parties.indexOf(id) + 1
  const nonces = parties.map((id) => tapes.get(id)!.take('nonce'))
  const sid = setupHash('sid', ctx, nonces)
  const transcript = new Transcript('ecdsa-setup', parties.length, ctx, sid)
  for (const [i, nonce] of nonces.entries()) transcript.send({ round: 1, from: i + 1, to: 0, body: nonce })

  const peersOf = (self: number) => parties.filter((id) => id !== self)
  const eachPair = parties.flatMap((self) => peersOf(self).map((peer) => ({ self, peer })))
  const key = (self: number, peer: number) => `${self} ${peer}`
  const otSidOf = (self: number, peer: number) =>
    offers(input, self, peer) ? setupHash('ot', sid, self, peer) : setupHash('ot', sid, peer, self)

  const offered = new Map(
    eachPair.map(({ self, peer }) => {
      const draws = new Draws(tapes.get(self)!, 'base OTs', EMPTY, sid, self, peer, 2, EMPTY)
      const made = offers(input, self, peer) ? makeOffers(otSidOf(self, peer), draws, peer) : undefined
      const part = draws.bytes(`setup with ${peer}: e`, 32)
      const blinding = draws.bytes(`setup with ${peer}: rho`, 32)
      const body = concat(setupHash('zero-com', sid, self, peer, part, blinding), made?.message ?? EMPTY)
      transcript.send({ round: 2, from: numberOf(self), to: numberOf(peer), body })
      return [key(self, peer), { made, part, blinding, body }] as const
    }),
  )
  const responded = new Map(
    eachPair.map(({ self, peer }) => {
      const theirs = offered.get(key(peer, self))!
      const draws = new Draws(tapes.get(self)!, 'base OTs', EMPTY, sid, self, peer, 3, theirs.body)
      const { part, blinding } = offered.get(key(self, peer))!
      let response
      if (theirs.made !== undefined) {
        const b = draws.scalar(`setup with ${peer}: b`)
        const choices = draws.bytes(`setup with ${peer}: choices and mask`, 32)
        const first = respondToOffers(otSidOf(self, peer), theirs.made.message, b)
        const { message, rows } = extend(first.context, first.keys, choices, 128)
        response = {
          ...first,
          b,
          choices: choices.slice(0, 16),
          message,
          seeds: reversedKeys(first.context, message, rows),
        }
      }
      const body = concat(part, blinding, ...(response === undefined ? [] : [response.z, response.message]))
      transcript.send({ round: 3, from: numberOf(self), to: numberOf(peer), body })
      return [key(self, peer), { response, body }] as const
    }),
  )

  const states = new Map<string, PairState>()
  const values = eachPair
    .filter(({ self, peer }) => self < peer)
    .map(({ self: low, peer: high }) => {
      const both = [key(low, high), key(high, low)]
      const offersDigest = setupHash(
        'transcript',
        sid,
        2,
        both.map((name) => offered.get(name)!.body),
      )
      const responseDigests = both.map((name, i) =>
        setupHash('transcript', sid, 3, [low, high][i]!, responded.get(name)!.body),
      )
      const whole = setupHash('transcript', sid, low, high, offersDigest, responseDigests)
      const digest = setupHash('digest', whole, setId)
      const zeroSeed = setupHash(
        'zero-seed',
        sid,
        low,
        high,
        both.map((name) => offered.get(name)!.part),
      )
      const [offering, responding] = offers(input, low, high) ? [low, high] : [high, low]
      const { choices, exponents, message } = offered.get(key(offering, responding))!.made!
      const response = responded.get(key(responding, offering))!.response!
      const common = { digest, zeroSeed }
      states.set(key(responding, offering), {
        ...common,
        delta: complement(response.choices),
        seeds: concat(...response.seeds),
        pairs: response.keys,
      })
      states.set(key(offering, responding), { ...common, ...finish({ choices, exponents, response }) })
      return {
        parties: [low, high],
        offering,
        'choices of who offers, of who responds': [choices, response.choices].map(hex),
        't of transfer 0, b': [exponents[0]!, response.b].map((one) => hex(scalarBytes(one))),
        otSid: hex(otSidOf(low, high)),
        'ot-offer': hex(tree(setupHash, 'ot-offer', otSidOf(low, high), message)),
        'ot-context': hex(response.context),
        'k_{0,0}, k_{0,1}': [0, 1].map((c) => hex(item(response.keys, c, 32))),
        'ote-chi': challengesOf(response.context, splitMessage(response.message, 128).u, 128).map(hex),
        'ote-u': hex(tree(signHash, 'ote-u', response.context, splitMessage(response.message, 128).u)),
        'keys of the other direction, 0 and 127': [0, 127].map((j) => hex(response.seeds[j]!)),
        'transcript of round 2': hex(offersDigest),
        'transcripts of round 3': responseDigests.map(hex),
        transcript: hex(whole),
        otDigest: hex(digest),
        'zero-seed': hex(zeroSeed),
      }
    })
  return { messages: transcript.messages, states, values: { ctx: hex(ctx), sid: hex(sid), pairs: values } }
}

/** What the party that offered comes to, from the response's message and its own choices alone. */
function finish(input: {
  readonly choices: Uint8Array
  readonly exponents: readonly bigint[]
  readonly response: { readonly z: Uint8Array; readonly context: Uint8Array; readonly message: Uint8Array }
}) {
  const { choices, exponents, response } = input
  const z = Point.fromBytes(response.z)
  const seeds = concat(...exponents.map((t, i) => otKey(response.context, i, bit(choices, i), z.multiply(t))))
  const delta = complement(choices)
  const rows = respondToExtension(response.context, seeds, delta, response.message, 128)
  const zeros = reversedKeys(response.context, response.message, rows)
  const ones = reversedKeys(
    response.context,
    response.message,
    rows.map((row) => xor(row, delta)),
  )
  return { seeds, delta, pairs: concat(...zeros.flatMap((zero, j) => [zero, ones[j]!])) }
}

/** The stored form of a state. */
export function encodeState(setId: Uint8Array, self: number, peer: number, state: PairState): Uint8Array {
  const { digest, zeroSeed, delta, seeds, pairs } = state
  return concat(unhex('0101'), setId, Uint8Array.of(self, peer), digest, zeroSeed, delta, seeds, pairs)
}
