import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { batchHasher, batchTagDigests, hashQuarters, u32 } from '../../../../src/protocol/ecdsa/ot/tagged-batch.ts'
import { concatBytes, toHex, utf8 } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'

/** The labels and their protocols, in the order that assembly/ot/labels.ts has. */
const LABELS = [
  ...(['ote-prg', 'ote-u', 'ote-chi', 'ote-t', 'ote-x', 'vole-context', 'ote-pad'] as const).map(ofSigning),
  ...(['vole-matrix', 'vole-chi', 'vole-check', 'vole-message', 'gadget'] as const).map(ofSigning),
  ...(['ot-offer', 'ot-context', 'ot-key', 'ot-reversed-key'] as const).map((label) => ({
    label,
    tag: sha256(utf8(`reshare/v1/secp256k1/ecdsa-setup/${label}`)),
  })),
]

function ofSigning<L extends string>(label: L) {
  return { label, tag: sha256(utf8(`reshare/v1/secp256k1/ecdsa/${label}`)) }
}

/** TH(label, context ‖ 0^24, item): the tag twice, then each part after its length. */
function hashByHand(tag: Uint8Array, context: Uint8Array, item: Uint8Array): Uint8Array {
  const length = Uint8Array.of(0, 0, item.length >> 8, item.length)
  return sha256(concatBytes(tag, tag, Uint8Array.of(0, 0, 0, 56), context, new Uint8Array(24), length, item))
}

test('the digests of the tags are those that the module reads, in its order', () => {
  expect(toHex(batchTagDigests())).toBe(LABELS.map(({ tag }) => toHex(tag)).join(''))
})

describe.each(LABELS)('the hashes of $label', ({ label, tag }) => {
  test('are tagged hashes of the context and the item, whatever its length', () => {
    const random = seededRandom()
    const context = random(32)
    const hash = batchHasher(label, context)
    // A length that comes again is hashed from what is kept.
    for (const length of [0, 4, 32, 55, 56, 4, 300, 32]) {
      const item = random(length)
      expect(toHex(hash(item))).toBe(toHex(hashByHand(tag, context, item)))
    }
  })

  test('of long data are of four numbered quarters', () => {
    const random = seededRandom()
    const [context, data] = [random(32), random(4 * 37)]
    const quarter = (l: number): Uint8Array =>
      hashByHand(tag, context, concatBytes(data.slice(37 * l, 37 * (l + 1)), Uint8Array.of(0, 0, 0, l)))
    const whole = concatBytes(quarter(0), quarter(1), quarter(2), quarter(3))
    expect(toHex(hashQuarters(label, context, data))).toBe(toHex(hashByHand(tag, context, whole)))
  })
})

test('a number is four bytes, the highest first', () => {
  expect([...u32(0x01020304)]).toEqual([1, 2, 3, 4])
  expect([...u32(0xfffefdfc)]).toEqual([255, 254, 253, 252])
})
