import type { Scalar } from '../../../curve/group.ts'
import { wipe } from '../../../util/bytes.ts'
import type { Reader, Writer } from '../../../util/codec.ts'
import type { EcdsaBackend } from '../ot/backend.ts'
import { type Commitment, type Nonces, noncesOf } from './commitment-round.ts'
import { type Products, wipeProducts } from './multiplication-round.ts'

/**
 * What a signer holds after the multiplications: products of random numbers, and nonces that every signer has committed to
 * and none has opened. It depends on neither the key nor the message. Secret; for one signature only.
 */
export interface Prepared {
  /** ctx of the session in which the commitments were made, 32 bytes */
  readonly statement: Uint8Array
  readonly nonces: Nonces
  /** Of the peers, by participant number. */
  readonly commitments: ReadonlyMap<number, Commitment>
  /** By the peer's participant number. */
  readonly products: ReadonlyMap<number, Products>
}

/** Wipes the nonces of a signature. */
export function wipeNonces({ nonce, mask, blinding }: Nonces): void {
  wipe(nonce, mask, blinding)
}

/** Wipes nonces and products. */
export function wipePrepared({ nonces, products }: Prepared): void {
  wipeNonces(nonces)
  for (const one of products.values()) wipeProducts(one)
}

/** Writes `k_i[32] | φ_i[32] | ρ_i[32]`. */
export function writeNonces(writer: Writer, { nonce, mask, blinding }: Nonces): void {
  writer.bytes(nonce).bytes(mask).bytes(blinding)
}

/** @throws {CodecError} for anything but what {@link writeNonces} wrote */
export function readNonces({ group }: EcdsaBackend, reader: SecretReader): Nonces {
  return noncesOf(group, reader.scalar({ allowZero: false }), reader.scalar(), reader.bytes(32))
}

/**
 * Writes `statement[32]`, the nonces, then for each peer
 * `fresh[32] | com[32] | α_k[32] | α_x[32] | t_k[32] | t_x[32] | β[32] | r_k[32] | r_x[32]`.
 */
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

/** A reader of secrets, for {@link readingSecrets}. */
export interface SecretReader {
  bytes(length: number): Uint8Array
  /** Reads a scalar. Default: it may be zero. */
  scalar(options?: { readonly allowZero: boolean }): Scalar
}

/** Runs `read`. If it throws, everything that it has read is wiped. */
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
