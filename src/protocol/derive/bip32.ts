import { ripemd160 } from '@noble/hashes/legacy.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'

import type { Group, Point, Scalar } from '../../curve/group.ts'
import { abytes } from '../../util/bytes.ts'
import { CodecError, Reader, Writer, isCodecError } from '../../util/codec.ts'
import { decodeBase58Check, encodeBase58Check } from './base58.ts'
import { assertIndex } from './path.ts'

/** A public key and the chain code that its children are derived with (BIP 32). */
export interface ExtendedPublicKey {
  readonly publicKey: Point
  /** 32 bytes */
  readonly chainCode: Uint8Array
}

/** A child, and how it follows from the key that the derivation began with. */
export interface DerivedKey extends ExtendedPublicKey {
  readonly path: readonly number[]
  /** δ: the child's key is the first key + δ·G, and each share of the child is the share + δ. */
  readonly tweak: Scalar
}

const VERSIONS = { mainnet: 0x0488b21e, testnet: 0x043587cf } as const
/** A network whose version bytes an extended public key carries. */
export type Network = keyof typeof VERSIONS

const SERIALIZED_BYTES = 78

/**
 * Derives along non-hardened steps (BIP 32 "Public parent key → public child key").
 *
 * It needs the public key and the chain code only, and so tells nothing; whoever knows the chain code can link children.
 * The tweak goes to each signer: Lagrange coefficients add up to one, so every one of them adds the whole of it.
 *
 * @param path indices below 2^31
 * @throws {RangeError} for a group that is not secp256k1, a hardened index, or a child that BIP 32 declares invalid
 *   (one in 2^127)
 */
export function derivePath(group: Group, parent: ExtendedPublicKey, path: readonly number[]): DerivedKey {
  if (group.curve !== 'secp256k1') throw new RangeError(`BIP 32 without hardening is not defined on ${group.curve}`)
  abytes(parent.chainCode, 32, 'chainCode')
  const start: DerivedKey = { ...parent, path: [], tweak: group.scalar(0) }
  return path.reduce((key, index) => deriveChild(group, key, index), start)
}

function deriveChild(group: Group, parent: DerivedKey, index: number): DerivedKey {
  assertIndex(index)
  const data = new Writer().bytes(group.encodePoint(parent.publicKey)).u32(index).finish()
  const digest = hmac(sha512, parent.chainCode, data)
  const left = decodeLeft(group, digest.subarray(0, 32), index)
  const publicKey = group.addPoints(parent.publicKey, group.multiplyBase(left))
  if (group.isIdentity(publicKey)) throw invalidChild(index)
  return {
    publicKey,
    chainCode: digest.slice(32),
    path: [...parent.path, index],
    tweak: group.add(parent.tweak, left),
  }
}

/** I_L; zero is not excluded by BIP 32. */
function decodeLeft(group: Group, bytes: Uint8Array, index: number): Scalar {
  try {
    return group.decodeScalar(bytes, { allowZero: true })
  } catch (error) {
    if (isCodecError(error)) throw invalidChild(index, error)
    throw error
  }
}

function invalidChild(index: number, cause?: unknown): RangeError {
  return new RangeError(`child ${index} of this key is invalid (BIP 32): use the next index`, { cause })
}

/** The first four bytes of HASH160 of a public key (BIP 32 "Key identifiers"). */
export function fingerprint(group: Group, publicKey: Point): number {
  const digest = ripemd160(sha256(group.encodePoint(publicKey)))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0)
}

/** Where a key stands in its tree. */
export interface KeyOrigin {
  readonly depth: number
  /** Of the parent's key; 0 for the root. */
  readonly parentFingerprint: number
  /** As child of its parent; 0 for the root. */
  readonly index: number
}

const ROOT: KeyOrigin = { depth: 0, parentFingerprint: 0, index: 0 }

/**
 * An extended public key in BIP 32's text form (`xpub…`). A wallet's key has no parent: it is exported as a root.
 *
 * @throws {RangeError} for an origin that does not fit its fields
 */
export function encodeExtendedPublicKey(
  group: Group,
  key: ExtendedPublicKey,
  origin: KeyOrigin = ROOT,
  network: Network = 'mainnet',
): string {
  const { depth, parentFingerprint, index } = origin
  const writer = new Writer().u32(VERSIONS[network]).u8(depth).u32(parentFingerprint).u32(index)
  return encodeBase58Check(writer.bytes(key.chainCode).bytes(group.encodePoint(key.publicKey)).finish())
}

/**
 * Reads an extended public key.
 *
 * @throws {CodecError} for anything but a valid one; extended private keys are refused too
 */
export function decodeExtendedPublicKey(
  group: Group,
  text: string,
): { readonly key: ExtendedPublicKey; readonly origin: KeyOrigin; readonly network: Network } {
  const reader = new Reader(decodeBase58Check(text, SERIALIZED_BYTES))
  const version = reader.u32()
  const network = (Object.keys(VERSIONS) as Network[]).find((name) => VERSIONS[name] === version)
  if (network === undefined) throw new CodecError('not an extended public key')
  const origin = { depth: reader.u8(), parentFingerprint: reader.u32(), index: reader.u32() }
  const chainCode = reader.bytes(32)
  const publicKey = group.decodePoint(reader.bytes(33))
  if (origin.depth === 0 && (origin.parentFingerprint !== 0 || origin.index !== 0)) {
    throw new CodecError('a root has neither a parent nor an index')
  }
  return { key: { publicKey, chainCode }, origin, network }
}

/** The extended public key of the last step's child, as text. */
export function encodeDerivedKey(
  group: Group,
  root: ExtendedPublicKey,
  derived: DerivedKey,
  network?: Network,
): string {
  const index = derived.path.at(-1)
  if (index === undefined) return encodeExtendedPublicKey(group, root, ROOT, network)
  const parent = derivePath(group, root, derived.path.slice(0, -1))
  const origin = { depth: derived.path.length, parentFingerprint: fingerprint(group, parent.publicKey), index }
  return encodeExtendedPublicKey(group, derived, origin, network)
}
