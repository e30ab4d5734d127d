import { sha256 } from '../../symmetric/sha256.ts'
import { sha512 } from '../../symmetric/sha512.ts'
import { expandMessage } from '../../symmetric/expand-message.ts'
import type { Group, Scalar } from '../../curve/group.ts'
import { concatBytes, utf8 } from '../../util/bytes.ts'
import type { Suite } from '../transcript/tags.ts'

/** A FROST ciphersuite: a group, the hash functions of RFC 9591 §6, and whether signatures follow BIP 340. */
export interface FrostSuite {
  /** The scheme. */
  readonly name: Suite
  /** The arithmetic of the scheme's curve. */
  readonly group: Group
  /** H1: a binding factor. */
  readonly bindingFactor: (input: Uint8Array) => Scalar
  /** H2: the challenge. Input: R ‖ public key ‖ message, the first two encoded as in signatures. */
  readonly challenge: (input: Uint8Array) => Scalar
  /** H3: a nonce. Input: 32 random bytes ‖ secret share. */
  readonly nonce: (input: Uint8Array) => Scalar
  /** H4: the hash of the message. 64 bytes for ed25519, 32 otherwise. */
  readonly hashMessage: (message: Uint8Array) => Uint8Array
  /** H5: the hash of the encoded commitment list. 64 bytes for ed25519, 32 otherwise. */
  readonly hashCommitments: (encodedList: Uint8Array) => Uint8Array
  /** Whether R and the public key are replaced by the one of ±R and ±PK whose y is even (BIP 340). */
  readonly evenY: boolean
}

/**
 * The FROST suite of a signature scheme, for any backend of its group.
 *
 * - `ed25519`: FROST(Ed25519, SHA-512), RFC 9591 §6.1; signatures are those of RFC 8032
 * - `secp256k1`: FROST(secp256k1, SHA-256), RFC 9591 §6.5
 * - `bip340`: like `secp256k1`, but with the challenge and the even-y rule of BIP 340, as in ZF FROST's frost-secp256k1-tr.
 *   It applies no Taproot tweak: pass a share of the tweaked key
 *
 * @throws {RangeError} if the group is of another curve
 */
export function frostSuite(name: Suite, group: Group): FrostSuite {
  if (group.curve !== (name === 'ed25519' ? 'ed25519' : 'secp256k1')) {
    throw new RangeError(`suite ${name} is not defined on ${group.curve}`)
  }
  return name === 'ed25519' ? ed25519Suite(group) : secp256k1Suite(group, name)
}

/** An encoded point as it is used in challenges and signatures: BIP 340 drops the prefix byte. */
export function publicBytes(suite: FrostSuite, encodedPoint: Uint8Array): Uint8Array {
  return suite.evenY ? encodedPoint.subarray(1) : encodedPoint
}

function ed25519Suite(group: Group): FrostSuite {
  const context = 'FROST-ED25519-SHA512-v1'
  const hash = (label: string) => {
    const prefix = utf8(context + label)
    return (input: Uint8Array): Uint8Array => sha512(concatBytes(prefix, input))
  }
  const toScalar = (digest: (input: Uint8Array) => Uint8Array) => (input: Uint8Array) => group.reduce(digest(input))
  return {
    name: 'ed25519',
    group,
    bindingFactor: toScalar(hash('rho')),
    // No context string: the challenge must be that of RFC 8032.
    challenge: toScalar(sha512),
    nonce: toScalar(hash('nonce')),
    hashMessage: hash('msg'),
    hashCommitments: hash('com'),
    evenY: false,
  }
}

function secp256k1Suite(group: Group, name: 'secp256k1' | 'bip340'): FrostSuite {
  const context = name === 'bip340' ? 'FROST-secp256k1-SHA256-TR-v1' : 'FROST-secp256k1-SHA256-v1'
  const hash = (label: string) => {
    const prefix = utf8(context + label)
    return (input: Uint8Array): Uint8Array => sha256(concatBytes(prefix, input))
  }
  // hash_to_field of RFC 9380 §5.2 with m = 1 and L = 48.
  const toScalar = (label: string) => {
    const tag = utf8(context + label)
    return (input: Uint8Array): Scalar => group.reduce(expandMessage(input, tag, group.wideLength))
  }
  return {
    name,
    group,
    bindingFactor: toScalar('rho'),
    challenge: name === 'bip340' ? (input) => bip340Challenge(group, input) : toScalar('chal'),
    nonce: toScalar('nonce'),
    hashMessage: hash('msg'),
    hashCommitments: hash('com'),
    evenY: name === 'bip340',
  }
}

/** The challenge of BIP 340: int(hash_BIP0340/challenge(bytes(R) ‖ bytes(P) ‖ m)) mod n, with a hash of 32 bytes. */
function bip340Challenge(group: Group, input: Uint8Array): Scalar {
  const tag = sha256(utf8('BIP0340/challenge'))
  const wide = new Uint8Array(group.wideLength)
  wide.set(sha256(concatBytes(tag, tag, input)), group.wideLength - 32)
  return group.reduce(wide)
}
