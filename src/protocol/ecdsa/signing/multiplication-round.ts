import type { Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import { readMessage } from '../../session/abort.ts'
import type { Inbox, Message } from '../../session/machine.ts'
import type { VoleProduct } from '../ot/arithmetic.ts'
import type { Agreement, Extension, Started } from './commitment-round.ts'
import { PRODUCT_BYTES } from '../ot/parameters.ts'
import {
  cheat,
  ecdsaHash,
  hashOfSeen,
  orFormat,
  others,
  otStateWith,
  roundOf,
  type SigningSetup,
} from './signing-setup.ts'

/** A multiplication of this signer as Alice with one peer; secret. */
export interface Multiplied {
  /** α_k and α_x, random. Round 3 sends their differences from the nonce and the key. */
  readonly inputs: readonly [Scalar, Scalar]
  /** t_k and t_x */
  readonly shares: readonly [Scalar, Scalar]
}

/** Both multiplications of this signer with one peer; secret. */
export interface Products {
  readonly asAlice: Multiplied
  /** β, r_k and r_x */
  readonly asBob: VoleProduct
}

/** Wipes a multiplication as Alice. */
export function wipeMultiplied({ inputs, shares }: Multiplied): void {
  wipe(...inputs, ...shares)
}

/** Wipes both multiplications with a peer. */
export function wipeProducts({ asAlice, asBob }: Products): void {
  wipeMultiplied(asAlice)
  wipe(asBob.factor, ...asBob.shares)
}

/** vsid = TH("vole", sid, otDigest, Alice, Bob), to which Alice's response is bound. */
export function voleSession(setup: SigningSetup, sid: Uint8Array, alice: number, bob: number): Uint8Array {
  const { signers, self } = setup
  const { digest } = otStateWith(setup, alice === self ? bob : alice)
  return ecdsaHash('vole', sid, digest, signers[alice - 1] as number, signers[bob - 1] as number)
}

/**
 * Multiplies as Alice with every peer.
 *
 * @returns what this signer keeps, by participant number, and the message `Q | H(u) | v` to each peer
 * @throws {PROTOCOL_ABORTED} CHEAT_OTE after poisoning the state with the peer
 */
export function multiply(
  setup: SigningSetup,
  { sid, extensions }: Agreement,
): { readonly multiplied: Map<number, Multiplied>; readonly messages: Message[] } {
  const multiplied = new Map<number, Multiplied>()
  const messages: Message[] = []
  try {
    for (const extension of extensions) {
      const { response, ...own } = multiplyWith(setup, sid, extension)
      multiplied.set(extension.from, own)
      messages.push({ to: extension.from, body: response })
    }
  } catch (error) {
    for (const one of multiplied.values()) wipeMultiplied(one)
    throw error
  }
  return { multiplied, messages }
}

function multiplyWith(setup: SigningSetup, sid: Uint8Array, { from, esid, message }: Extension) {
  const { backend, self, random } = setup
  const { group, vole } = backend
  const { multiplierSeeds, delta } = otStateWith(setup, from).secrets
  const vsid = voleSession(setup, sid, self, from)
  // The extension is hashed in too, since the response depends on it: the v of two responses with the same inputs would
  // reveal these inputs.
  const draw = random('ecdsa inputs', vsid, esid, hashOfSeen([message]))
  const inputs = [group.randomScalar(draw), group.randomScalar(draw)] as const
  const mask = group.randomScalar(draw)
  const product = vole.multiply(esid, vsid, multiplierSeeds, delta, message, [...inputs, mask])
  wipe(mask)
  if (product !== undefined) return { ...product, inputs }
  wipe(...inputs)
  return cheat(setup, { round: roundOf(setup, 'commitment'), from }, 'CHEAT_OTE', 'extends transfers inconsistently')
}

/** What this signer has for its multiplications with every peer, by participant number. */
export interface Multiplying {
  /** As Bob. */
  readonly started: ReadonlyMap<number, Started>
  /** As Alice. */
  readonly multiplied: ReadonlyMap<number, Multiplied>
}

/**
 * Finishes the multiplications of this signer as Bob.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, or CHEAT_VOLE after poisoning the state with the peer
 * @throws {OT_POISONED} if another session has poisoned it since
 */
export function finishMultiplications(
  setup: SigningSetup,
  sid: Uint8Array,
  inbox: Inbox,
  { started, multiplied }: Multiplying,
): Map<number, Products> {
  const products = new Map<number, Products>()
  const round = roundOf(setup, 'product')
  // This check needs no seeds. But if another session has banned a peer, this one must end as well.
  for (const peer of others(setup)) void otStateWith(setup, peer).secrets
  const received = others(setup).map((peer) => {
    const body = inbox.direct(round, peer)
    return { peer, response: readMessage(body, round, peer, (reader) => reader.bytes(PRODUCT_BYTES)) }
  })
  try {
    for (const { peer, response } of received) {
      const { choices, ...kept } = started.get(peer) as Started
      const vsid = voleSession(setup, sid, peer, setup.self)
      const asBob = orFormat(round, peer, () => setup.backend.vole.finish(vsid, kept, choices, response))
      if (asBob === undefined) return cheat(setup, { round, from: peer }, 'CHEAT_VOLE', 'multiplies inconsistently')
      products.set(peer, { asAlice: multiplied.get(peer) as Multiplied, asBob })
    }
  } catch (error) {
    for (const { asBob } of products.values()) wipe(asBob.factor, ...asBob.shares)
    throw error
  }
  return products
}
