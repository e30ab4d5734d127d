import type { Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import type { Reader, Writer } from '../../../util/codec.ts'
import type { EcdsaBackend } from '../ot/backend.ts'
import { type Commitment, type Nonces, noncesOf } from './commitment-round.ts'
import { type Products, wipeProducts } from './multiplication-round.ts'

/**
 * What a signer holds after the multiplications: products of random numbers, and nonces that everybody has committed to
 * and nobody has shown. It depends on neither key nor message. Secret; good for one signature.
 */
export interface Prepared {
  /** Of the session that the commitments were made in */
  readonly statement: Uint8Array
  readonly nonces: Nonces
  /** By participant number, this one left out. */
  readonly commitments: ReadonlyMap<number, Commitment>
  readonly products: ReadonlyMap<number, Products>
}

export function wipeNonces({ nonce, mask, blinding }: Nonces): void {
  wipe(nonce, mask, blinding)
}

export function wipePrepared({ nonces, products }: Prepared): void {
  wipeNonces(nonces)
  for (const one of products.values()) wipeProducts(one)
}

/** `k_i | φ_i | ρ_i[32]` */
export function writeNonces(writer: Writer, { nonce, mask, blinding }: Nonces): void {
  writer.bytes(nonce).bytes(mask).bytes(blinding)
}

/** @throws {CodecError} for anything but what {@link writeNonces} wrote */
export function readNonces({ group }: EcdsaBackend, reader: SecretReader): Nonces {
  return noncesOf(group, reader.scalar({ allowZero: false }), reader.scalar(), reader.bytes(32))
}

/** `statement[32]`, nonces, then of each peer `fresh[32] | com[32] | α_k | α_x | t_k | t_x | β | r_k | r_x`. */
export function writePrepared(writer: Writer, { statement, nonces, commitments, products }: Prepared): void {
  writer.bytes(statement)
  writeNonces(writer, nonces)
  for (const [peer, { asAlice, asBob }] of products) {
    const { fresh, hash } = commitments.get(peer) as Commitment
    writer.bytes(fresh).bytes(hash)
    for (const one of [...asAlice.inputs, ...asAlice.shares, asBob.factor, ...asBob.shares]) writer.bytes(one)
  }
}

/** @throws {CodecError} for anything but what {@link writePrepared} wrote */
export function readPrepared(backend: EcdsaBackend, peers: readonly number[], reader: SecretReader): Prepared {
  const statement = reader.bytes(32)
  const nonces = readNonces(backend, reader)
  const commitments = new Map<number, Commitment>()
  const products = new Map<number, Products>()
  for (const peer of peers) {
    commitments.set(peer, { fresh: reader.bytes(32), hash: reader.bytes(32) })
    const pair = () => [reader.scalar(), reader.scalar()] as const
    products.set(peer, {
      asAlice: { inputs: pair(), shares: pair() },
      asBob: { factor: reader.scalar(), shares: pair() },
    })
  }
  return { statement, nonces, commitments, products }
}

/** Reads secrets, and wipes what it has read should the rest be no encoding. */
export interface SecretReader {
  bytes(length: number): Uint8Array
  /** A scalar, zero included by default. */
  scalar(options?: { readonly allowZero: boolean }): Scalar
}

/** Runs `read`; what it has read is wiped if it throws. */
export function readingSecrets<T>({ group }: EcdsaBackend, reader: Reader, read: (secrets: SecretReader) => T): T {
  const held: Uint8Array[] = []
  const bytes = (length: number): Uint8Array => {
    const one = reader.bytes(length)
    held.push(one)
    return one
  }
  const scalar = (options = { allowZero: true }): Scalar => {
    const one = group.decodeScalar(bytes(32), options)
    held.push(one)
    return one
  }
  try {
    return read({ bytes, scalar })
  } catch (error) {
    wipe(...held)
    throw error
  }
}
