import { describe, expect, test } from 'vitest'
import type { Group } from '../../../src/curve/group.ts'
import {
  deal,
  type Dealing,
  readDealing,
  readSecret,
  wipeDealing,
  writeDealing,
} from '../../../src/protocol/dealing/dealing.ts'
import { CodecError, Reader, Writer } from '../../../src/util/codec.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'

const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0)

describe.each(groups)('a dealing on $name', ({ group }) => {
  const random = seededRandom('dealing')
  const draw = (threshold: number): Dealing =>
    deal(group, { constant: group.randomScalar(random), threshold, chainCodePart: random(32) }, random)

  function encoded(dealing: Dealing | undefined): Uint8Array {
    const writer = new Writer()
    writeDealing(writer, dealing)
    return writer.finish()
  }

  test('has t coefficients, the constant first, and their commitments', () => {
    const constant = group.randomScalar(random)
    const { coefficients, commitment, encoded } = deal(
      group,
      { constant, threshold: 3, chainCodePart: new Uint8Array(0) },
      random,
    )
    expect(coefficients).toHaveLength(3)
    expect(coefficients[0]).toEqual(constant)
    expect(encoded).toEqual(coefficients.map((coefficient) => group.encodePoint(group.multiplyBase(coefficient))))
    expect(group.encodePoints(commitment)).toEqual(encoded)
  })

  test('is read back as it was written, and none as none', () => {
    const dealing = draw(3)
    const reader = new Reader(encoded(dealing))
    const read = readDealing(group, reader) as Dealing
    reader.end()
    expect(encoded(read)).toEqual(encoded(dealing))
    expect(group.encodePoints(read.commitment)).toEqual(dealing.encoded)
    expect(encoded(undefined)).toEqual(Uint8Array.of(0))
    expect(readDealing(group, new Reader(Uint8Array.of(0)))).toBeUndefined()
  })

  test('of threshold 1, which would be the key itself, is not read', () => {
    expect(() => readDealing(group, new Reader(encoded(draw(1))))).toThrow(CodecError)
  })

  test('is wiped but for what it has shown', () => {
    const dealing = draw(2)
    wipeDealing(dealing)
    expect(dealing.coefficients.every(isWiped)).toBe(true)
    expect(isWiped(dealing.blinding)).toBe(true)
    expect(() => wipeDealing(undefined)).not.toThrow()
  })

  test('a secret leaves no copy where it was read from, accepted or not', () => {
    const read: Uint8Array[] = []
    const watched: Group = {
      ...group,
      decodeScalar: (bytes, options) => {
        read.push(bytes)
        return group.decodeScalar(bytes, options)
      },
    }
    const secret = group.randomScalar(random)
    expect(readSecret(watched, new Reader(secret))).toEqual(secret)
    expect(readSecret(watched, new Reader(new Uint8Array(32)))).toEqual(group.scalar(0))
    expect(() => readSecret(watched, new Reader(new Uint8Array(32).fill(0xff)))).toThrow(CodecError)
    expect(read).toHaveLength(3)
    expect(read.every(isWiped)).toBe(true)
    expect(isWiped(secret)).toBe(false)
  })
})
