import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'

import {
  concat,
  Draws,
  EMPTY,
  hex,
  modulo,
  type Part,
  scalarBytes,
  signHash,
  type Tape,
  toNumber,
  u32,
} from './hashing.ts'
import { finishAsBob, multiplyAsAlice, startMultiplication } from './multiplication.ts'
import type { PairState, States } from './setup.ts'
import { Transcript } from './transcript.ts'

// Signing as docs/ecdsa.md has it, seen by somebody who knows the shares and the randomness of all signers.

const { Point } = secp256k1

export interface SignInput {
  /** Ids, ascending */
  readonly signers: readonly number[]
  readonly setId: Uint8Array
  readonly publicKey: Uint8Array
  readonly chainCode: Uint8Array
  /** s_i by id */
  readonly shares: ReadonlyMap<number, Uint8Array>
  readonly states: States
  readonly tapes: ReadonlyMap<number, Tape>
}

export interface Statement {
  readonly path: readonly number[]
  readonly digest: Uint8Array
  /** Ids of those who learn the signature */
  readonly learn: readonly number[]
}

const MODES = { sign: 1, preprocess: 2, complete: 3 } as const

export const point = (scalar: bigint) => Point.BASE.multiply(modulo(scalar)).toBytes(true)
export const scalars = (...values: readonly bigint[]) => concat(...values.map(scalarBytes))

/** δ and pk' of a path (BIP 32, not hardened). */
export function derive({ publicKey, chainCode }: SignInput, path: readonly number[]) {
  let [key, code, tweak] = [Point.fromBytes(publicKey), chainCode, 0n]
  for (const index of path) {
    const digest = hmac(sha512, code, concat(key.toBytes(true), u32(index)))
    const left = toNumber(digest.slice(0, 32))
    ;[key, code, tweak] = [key.add(Point.BASE.multiply(left)), digest.slice(32), modulo(tweak + left)]
  }
  return { tweak, key: key.toBytes(true) }
}

/** ctx */
export function statementOf(
  input: SignInput,
  mode: keyof typeof MODES,
  { path, digest }: Pick<Statement, 'path' | 'digest'>,
  id: Uint8Array,
): Uint8Array {
  const { key } = derive(input, path)
  const signers = Uint8Array.from(input.signers)
  return signHash('sign', input.setId, signers, key, path.map(u32), MODES[mode], digest, id)
}

export function envelopeContext({ signers }: SignInput, mode: keyof typeof MODES, id: Uint8Array): Uint8Array {
  return signHash('ctx', Uint8Array.from(signers), MODES[mode], id)
}

export function othersOf({ signers }: SignInput, self: number): number[] {
  return signers.filter((id) => id !== self)
}

export function stateOf({ states }: SignInput, self: number, peer: number): PairState {
  return states.get(`${self} ${peer}`)!
}

export const pairKey = (alice: number, bob: number) => `${alice} ${bob}`

/** What signers draw for a session and commit to. */
export interface Committed {
  readonly k: bigint
  readonly phi: bigint
  readonly rho: Uint8Array
  readonly R: Uint8Array
  readonly com: Uint8Array
  /** By peer */
  readonly extensions: ReadonlyMap<
    number,
    { esid: Uint8Array; choices: Uint8Array; message: Uint8Array; rows: Uint8Array[] }
  >
}

/** setId ‖ otDigest with each other signer ‖ ctx ‖ nonce */
export function greeting(input: SignInput, self: number, statement: Uint8Array, nonce: Uint8Array): Uint8Array {
  const digests = othersOf(input, self).map((peer) => stateOf(input, self, peer).digest)
  return concat(input.setId, ...digests, statement, nonce)
}

/** Round 1 of one signer but for the greeting: @param fresh its nonce, or the session id of a preprocessing */
export function commitByHand(
  input: SignInput,
  self: number,
  statement: Uint8Array,
  fresh: Uint8Array,
  messages: readonly Uint8Array[],
): Committed {
  const seen = signHash('seen', messages)
  const tape = input.tapes.get(self)!
  const secret = input.shares.get(self)!
  const draws = new Draws(tape, 'ecdsa nonces', secret, statement, fresh, seen)
  const k = draws.scalar('k')
  const phi = draws.scalar('phi')
  const rho = draws.bytes('rho', 32)
  const R = point(k)
  const com = signHash('com-R', statement, self, fresh, R, rho)
  const extensions = new Map(
    othersOf(input, self).map((peer) => {
      const state = stateOf(input, self, peer)
      const esid = signHash('ote', statement, state.digest, fresh, peer, self)
      const choices = new Draws(tape, 'ecdsa choices', secret, esid, seen).bytes(`w, as Bob of ${peer}`, 112)
      return [peer, { esid, choices, ...startMultiplication(esid, state.pairs, choices) }] as const
    }),
  )
  return { k, phi, rho, R, com, extensions }
}

/** What both have of one multiplication. */
export interface Product {
  readonly alpha: readonly bigint[]
  readonly sent: readonly bigint[]
  readonly beta: bigint
  readonly received: readonly bigint[]
  readonly response: Uint8Array
  readonly values: object
}

/** All multiplications of a session, by `alice bob`. */
export function multiplyByHand(
  input: SignInput,
  sid: Uint8Array,
  committed: ReadonlyMap<number, Committed>,
): Map<string, Product> {
  const products = new Map<string, Product>()
  for (const alice of input.signers) {
    for (const bob of othersOf(input, alice)) {
      const { esid, message, choices, rows } = committed.get(bob)!.extensions.get(alice)!
      const { digest, seeds, delta } = stateOf(input, alice, bob)
      const vsid = signHash('vole', sid, digest, alice, bob)
      const about: Part[] = [input.shares.get(alice)!, vsid, esid, signHash('seen', [message])]
      const draws = new Draws(input.tapes.get(alice)!, 'ecdsa inputs', ...about)
      const alpha = ['alpha_k', 'alpha_x', 'mask'].map((name) => draws.scalar(`${name}, as Alice of ${bob}`))
      const { response, shares, values } = multiplyAsAlice({ esid, vsid, seeds, delta, message, alpha })
      const asBob = finishAsBob({ esid, vsid, message, choices }, rows, response)
      for (const k of [0, 1]) {
        if (modulo(shares[k]! + asBob.shares[k]!) !== modulo(alpha[k]! * asBob.beta)) {
          throw new RangeError(`${alice} and ${bob} do not share a product`)
        }
      }
      products.set(pairKey(alice, bob), {
        alpha,
        sent: shares,
        beta: asBob.beta,
        received: asBob.shares,
        response,
        values: {
          parties: { alice, bob },
          esid: hex(esid),
          w: hex(choices),
          vsid: hex(vsid),
          'alpha_k, alpha_x, mask': alpha.map((one) => hex(scalarBytes(one))),
          ...values,
          beta: hex(scalarBytes(asBob.beta)),
          'r_k, r_x': asBob.shares.map((one) => hex(scalarBytes(one))),
        },
      })
    }
  }
  return products
}

/** λ_i of the signers at zero. */
function lagrange(signers: readonly number[], self: number): bigint {
  const [top, bottom] = signers
    .filter((id) => id !== self)
    .reduce(([a, b], id) => [modulo(a * BigInt(id)), modulo(b * BigInt(id - self))], [1n, 1n])
  return modulo(top * secp256k1.Point.Fn.inv(bottom))
}

/** x_i: λ_i·(s_i + δ), and the zero shares of more than two signers. */
export function additiveKey(input: SignInput, sid: Uint8Array, self: number, path: readonly number[]): bigint {
  const { tweak } = derive(input, path)
  const own = lagrange(input.signers, self) * (toNumber(input.shares.get(self)!) + tweak)
  if (input.signers.length === 2) return modulo(own)
  const zeros = othersOf(input, self).map((peer) => {
    const seed = signHash('zero-share', stateOf(input, self, peer).zeroSeed, sid)
    const wide = concat(signHash('expand', seed, 0), signHash('expand', seed, 1)).slice(0, 48)
    return self < peer ? toNumber(wide) : -toNumber(wide)
  })
  return modulo(zeros.reduce((sum, zero) => sum + zero, own))
}

/** What all signers have once their multiplications are done. */
export interface Prepared {
  readonly statement: Uint8Array
  readonly committed: ReadonlyMap<number, Committed>
  readonly products: ReadonlyMap<string, Product>
  /** What the commitments are of, by signer */
  readonly id: Uint8Array
}

/** A preprocessing of two signers, who take turns. */
export function preprocessByHand(input: SignInput) {
  const statement = statementOf(input, 'preprocess', { path: [], digest: EMPTY }, EMPTY)
  const ctx = envelopeContext(input, 'preprocess', EMPTY)
  const { signers } = input
  const greetings: Uint8Array[] = []
  const nonces = signers.map((self) => {
    const seen = greetings.map((body, i) => concat(Uint8Array.of(i + 1), body))
    const about: Part[] = [input.shares.get(self)!, statement, signHash('seen', seen)]
    const nonce = new Draws(input.tapes.get(self)!, 'ecdsa session nonce', ...about).bytes('nonce', 32)
    greetings.push(greeting(input, self, statement, nonce))
    return nonce
  })
  const sid = signHash('sign-sid', statement, nonces)
  const transcript = new Transcript('ecdsa', signers.length, ctx, sid)
  greetings.forEach((body, i) => transcript.send({ round: 1, from: i + 1, to: 0, body }))

  // The second signer commits first: the first one has its envelopes before it knows the session's id.
  const committed = new Map<number, Committed>()
  const early: Uint8Array[] = []
  for (const self of [...signers].reverse()) {
    const one = commitByHand(input, self, statement, sid, early.slice())
    committed.set(self, one)
    const from = signers.indexOf(self) + 1
    early.push(transcript.send({ round: 2, from, to: 0, body: one.com }))
    for (const [peer, { message }] of one.extensions) {
      early.push(transcript.send({ round: 2, from, to: signers.indexOf(peer) + 1, body: message }))
    }
  }
  const products = multiplyByHand(input, sid, committed)
  for (const [names, { response }] of products) {
    const [from, to] = names.split(' ').map((id) => signers.indexOf(Number(id)) + 1)
    transcript.send({ round: 3, from: from!, to: to!, body: response })
  }
  const id = signHash(
    'preprocessing',
    sid,
    signers.map((self) => committed.get(self)!.com),
  )
  return { messages: transcript.messages, prepared: { statement, committed, products, id }, ctx, sid }
}
