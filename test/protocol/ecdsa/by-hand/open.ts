import { secp256k1 } from '@noble/curves/secp256k1.js'

import { concat, Draws, EMPTY, hex, modulo, N, type Part, scalarBytes, signHash, toNumber } from './hashing.ts'
import {
  additiveKey,
  type Committed,
  commitByHand,
  derive,
  envelopeContext,
  greeting,
  multiplyByHand,
  othersOf,
  pairKey,
  point,
  type Prepared,
  preprocessByHand,
  scalars,
  type SignInput,
  type Statement,
  statementOf,
} from './sign.ts'
import { Transcript } from './transcript.ts'

const { Point } = secp256k1

/** A whole signature; each signer opens after it has seen what those before it in the list have sent. */
export function signByHand(input: SignInput, about: Statement) {
  const { signers } = input
  const statement = statementOf(input, 'sign', about, EMPTY)
  const ctx = envelopeContext(input, 'sign', EMPTY)
  const committed = new Map<number, Committed>()
  const nonces: Uint8Array[] = []
  const greetings: Uint8Array[] = []
  for (const [place, self] of signers.entries()) {
    const before = signers.slice(0, place)
    const seen = [
      ...greetings.map((body, i) => concat(Uint8Array.of(i + 1), body)),
      ...before.map((peer, i) =>
        concat(Uint8Array.of(0, i + 1), nonces[i]!, committed.get(peer)!.extensions.get(self)!.message),
      ),
    ]
    const drawn: Part[] = [input.shares.get(self)!, statement, signHash('seen', seen)]
    const nonce = new Draws(input.tapes.get(self)!, 'ecdsa session nonce', ...drawn).bytes('nonce', 32)
    const one = commitByHand(input, self, statement, nonce, seen)
    committed.set(self, one)
    nonces.push(nonce)
    greetings.push(concat(greeting(input, self, statement, nonce), one.com))
  }
  const commitments = signers.map((self) => committed.get(self)!.com)
  const sid = signHash('sign-sid', statement, nonces, commitments)
  const transcript = new Transcript('ecdsa', signers.length, ctx, sid)
  const numberOf = (id: number) => signers.indexOf(id) + 1
  signers.forEach((self, i) => {
    transcript.send({ round: 1, from: i + 1, to: 0, body: greetings[i]! })
    for (const [peer, { message }] of committed.get(self)!.extensions) {
      transcript.send({ round: 1, from: i + 1, to: numberOf(peer), body: concat(nonces[i]!, message) })
    }
  })
  const products = multiplyByHand(input, sid, committed)
  for (const [names, { response }] of products) {
    const [from, to] = names.split(' ').map((id) => numberOf(Number(id)))
    transcript.send({ round: 2, from: from!, to: to!, body: response })
  }
  const prepared = { statement, committed, products, id: EMPTY }
  const opened = openByHand(input, { about, prepared, statement, sid, transcript, round: 3, shows: EMPTY })
  return { ...opened, messages: transcript.messages, values: { ...valuesOf(ctx, sid, prepared), ...opened.values } }
}

/** A preprocessing and what completes it. */
export function poolByHand(input: SignInput, about: Statement) {
  const { messages, prepared, ctx, sid } = preprocessByHand(input)
  const statement = statementOf(input, 'complete', about, prepared.id)
  const completing = {
    ctx: envelopeContext(input, 'complete', prepared.id),
    sid: signHash('complete', statement),
  }
  const transcript = new Transcript('ecdsa', input.signers.length, completing.ctx, completing.sid)
  const rest = { about, prepared, statement, sid: completing.sid, transcript, round: 1, shows: statement }
  const opened = openByHand(input, rest)
  return {
    ...opened,
    preprocessing: { messages, values: { ...valuesOf(ctx, sid, prepared), id: hex(prepared.id) } },
    completion: {
      messages: transcript.messages,
      values: {
        'CTX of the envelopes': hex(completing.ctx),
        ctx: hex(statement),
        sid: hex(completing.sid),
        ...opened.values,
      },
    },
  }
}

function valuesOf(ctx: Uint8Array, sid: Uint8Array, { statement, committed, products }: Prepared) {
  return {
    'CTX of the envelopes': hex(ctx),
    ctx: hex(statement),
    sid: hex(sid),
    drawn: [...committed].map(([id, { k, phi, rho, R, com }]) => ({
      id,
      k: hex(scalarBytes(k)),
      phi: hex(scalarBytes(phi)),
      rho: hex(rho),
      R: hex(R),
      com: hex(com),
    })),
    multiplications: [...products.values()].map(({ values }) => values),
  }
}

interface Opening {
  readonly about: Statement
  readonly prepared: Prepared
  readonly statement: Uint8Array
  readonly sid: Uint8Array
  readonly transcript: Transcript
  /** The round of the decommitments */
  readonly round: number
  /** What a decommitment begins with */
  readonly shows: Uint8Array
}

/** Openings, the comparison among more than two, the shares, and the signature. */
function openByHand(input: SignInput, { about, prepared, statement, sid, transcript, round, shows }: Opening) {
  const { signers } = input
  const { committed, products } = prepared
  const isMany = signers.length > 2
  const numberOf = (id: number) => signers.indexOf(id) + 1
  const keys = new Map(signers.map((self) => [self, additiveKey(input, sid, self, about.path)]))
  // φ_i: of two signers each takes its β.
  const phis = new Map(
    signers.map((self) => {
      const [peer] = othersOf(input, self)
      return [self, isMany ? committed.get(self)!.phi : products.get(pairKey(peer!, self))!.beta]
    }),
  )
  const corrections = (alice: number, bob: number) => {
    const { alpha } = products.get(pairKey(alice, bob))!
    return [committed.get(alice)!.k - alpha[0]!, keys.get(alice)! - alpha[1]!]
  }
  const psi = (self: number, peer: number) => phis.get(self)! - products.get(pairKey(peer, self))!.beta
  for (const self of signers) {
    const { R, rho } = committed.get(self)!
    const body = concat(shows, R, rho, isMany ? point(keys.get(self)!) : EMPTY)
    transcript.send({ round, from: numberOf(self), to: 0, body })
    for (const peer of othersOf(input, self)) {
      const gammas = products.get(pairKey(self, peer))!.sent.map(point)
      const sent = concat(scalars(...corrections(self, peer)), ...gammas, isMany ? scalars(psi(self, peer)) : EMPTY)
      transcript.send({ round, from: numberOf(self), to: numberOf(peer), body: sent })
    }
  }
  const R = signers.reduce((sum, self) => sum.add(Point.fromBytes(committed.get(self)!.R)), Point.ZERO).toBytes(true)
  if (isMany) {
    for (const self of signers) {
      transcript.send({ round: round + 1, from: numberOf(self), to: 0, body: concat(statement, R) })
    }
  }
  const r = modulo(toNumber(R.slice(1)))
  const shares = signers.map((self) => {
    // Once each φ_j is known as a sum, k_i·φ and x_i·φ need this signer's parts alone.
    const phi = othersOf(input, self).reduce((sum, peer) => sum + (isMany ? psi(peer, self) : 0n), phis.get(self)!)
    const part = (k: 0 | 1, own: bigint) =>
      othersOf(input, self).reduce((sum, peer) => {
        const { beta, received } = products.get(pairKey(peer, self))!
        return sum + products.get(pairKey(self, peer))!.sent[k]! + corrections(peer, self)[k]! * beta + received[k]!
      }, phi * own)
    const [u, v] = [part(0, committed.get(self)!.k), part(1, keys.get(self)!)]
    return { self, w: modulo(toNumber(about.digest) * phis.get(self)! + r * v), u: modulo(u) }
  })
  const shareRound = round + (isMany ? 2 : 1)
  for (const { self, w, u } of shares) {
    for (const peer of othersOf(input, self)) {
      if (!about.learn.includes(peer)) continue
      transcript.send({ round: shareRound, from: numberOf(self), to: numberOf(peer), body: scalars(w, u) })
    }
  }
  const sum = (of: (share: (typeof shares)[number]) => bigint) => shares.reduce((total, one) => total + of(one), 0n)
  const s = modulo(sum(({ w }) => w) * Point.Fn.inv(modulo(sum(({ u }) => u))))
  const high = s > N / 2n
  const parity = R[0]! & 1
  const signature = scalars(r, high ? N - s : s)
  const { key } = derive(input, about.path)
  const options = { prehash: false, lowS: true }
  if (!secp256k1.verify(signature, about.digest, key, options)) throw new RangeError('the signature does not verify')
  const overflow = toNumber(R.slice(1)) >= N ? 2 : 0
  return {
    signature,
    recovery: overflow | (high ? 1 - parity : parity),
    values: {
      'key that signs': hex(key),
      'additive keys': signers.map((self) => hex(scalarBytes(keys.get(self)!))),
      R: hex(R),
      'w, u': shares.map(({ w, u }) => hex(scalars(w, u))),
    },
  }
}
