import { describe, expect, test } from 'vitest'

import { secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { concatBytes, toHex, utf8 } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { backends } from '../support.ts'

// RFC 9380 §J.8.1, secp256k1_XMD:SHA-256_SSWU_RO_.
const DOMAIN = 'QUUX-V01-CS02-with-secp256k1_XMD:SHA-256_SSWU_RO_'
const VECTORS = [
  {
    message: '',
    x: 'c1cae290e291aee617ebaef1be6d73861479c48b841eaba9b7b5852ddfeb1346',
    y: '64fa678e07ae116126f08b022a94af6de15985c996c3a91b64c406a960e51067',
  },
  {
    message: 'abc',
    x: '3377e01eab42db296b512293120c6cee72b6ecf9f9205760bd9ff11fb3cb2c4b',
    y: '7f95890f33efebd1044d382a01b1bee0900fb6116f94688d487c6c7b9c8371f6',
  },
  {
    message: 'abcdef0123456789',
    x: 'bac54083f293f1fe08e4a70137260aa90783a5cb84d3f35848b324d0674b0e3a',
    y: '4436476085d4c3c4508b60fcf4389c40176adce756b398bdee27bca19758d828',
  },
  {
    message: `q128_${'q'.repeat(128)}`,
    x: 'e2167bc785333a37aa562f021f1e881defb853839babf52a7f72b102e41890e9',
    y: 'f2401dd95cc35867ffed4f367cd564763719fbc6a53e969fb8496a1e6685d873',
  },
  {
    message: `a512_${'a'.repeat(512)}`,
    x: 'e3c8d35aaaf0b9b647e88a0a0a7ee5d5bed5ad38238152e4e6fd8c1f8cb7c998',
    y: '8446eeb6181bf12f56a9d24e262221cc2f0c4725c7e3803024b5888ee5823aa6',
  },
]

describe.each(backends)('hashing to secp256k1 on $name', ({ backend: { group, hashToCurve } }) => {
  test.each(VECTORS)('gives the point of RFC 9380 for $message.length characters', ({ message, x, y }) => {
    const [point] = hashToCurve([utf8(message)], DOMAIN)
    const parity = Number.parseInt(y.slice(-1), 16) & 1
    expect(toHex(group.encodePoint(point as never))).toBe(`0${2 + parity}${x}`)
  })

  test('hashes each message of a batch by itself', () => {
    const random = seededRandom()
    for (const count of [1, 2, 5, 300]) {
      const messages = Array.from({ length: count }, () => random(70))
      const points = group.encodePoints(hashToCurve(messages, 'test'))
      expect(points).toHaveLength(count)
      for (const at of [0, count - 1, random.int(0, count - 1)]) {
        const expected = secp256k1_hasher.hashToCurve(messages[at] as Uint8Array, { DST: 'test' })
        expect(toHex(points[at] as Uint8Array)).toBe(toHex(expected.toBytes(true)))
      }
    }
  })

  test('separates domains', () => {
    const message = concatBytes(new Uint8Array(70))
    const [a, b] = ['one', 'two'].map((domain) => group.encodePoints(hashToCurve([message], domain))[0] as Uint8Array)
    expect(toHex(a as Uint8Array)).not.toBe(toHex(b as Uint8Array))
  })
})
