import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Point, Scalar } from '../../src/curve/group.ts'
import { concatBytes, fromHex, toHex } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { groups } from '../support/groups.ts'

interface Case {
  readonly comment: string
  readonly flags: readonly string[]
  /** DER SubjectPublicKeyInfo */
  readonly public: string
  readonly private: string
  readonly shared: string
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

// The corpus stays outside the repository; what is transcribed below always runs.
const corpus = new URL('../../../shared/vectors/wycheproof-ecdh-secp256k1.json', import.meta.url)
const secp256k1 = groups.filter(({ group }) => group.curve === 'secp256k1')

/** SEC 1 point of a named-curve SubjectPublicKeyInfo: what follows its fixed prefix. */
const NAMED_CURVE = /^30[35][06]301006072a8648ce3d020106052b8104000a03(?:22|42)00(0[234](?:[0-9a-f]{64}){1,2})$/

function compressed(point: string): string {
  if (!point.startsWith('04')) return point
  const oddY = Number.parseInt(point.slice(-1), 16) % 2 === 1
  return (oddY ? '03' : '02') + point.slice(2, 66)
}

function scalarBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)
  return concatBytes(new Uint8Array(32), bytes).slice(-32)
}

/** Wycheproof ecdh_secp256k1_test.json: compressed keys, and edge cases of the shared secret. */
const TRANSCRIBED: readonly Omit<Case, 'flags'>[] = [
  {
    comment: 'compressed public key',
    public:
      '3036301006072a8648ce3d020106052b8104000a03220002d8096af8a11e0b80037e1ee68246b5dcbb0aeb1cf1244fd767db80f3fa27da2b',
    private: '00f4b7ff7cccc98813a69fae3df222bfe3f4e28f764bf91b4a10d8096ce446b254',
    shared: '544dfae22af6af939042b1d85b71a1e49e9a5614123c4d6ad0c8af65baf87d65',
    result: 'valid',
  },
  {
    comment: 'x of no point',
    public:
      '3036301006072a8648ce3d020106052b8104000a03220002977cb7fb9a0ec5b208e811d6a0795eb78d7642e3cac42a801bcc8fc0f06472d4',
    private: '00d09182a4d0c94ba85f82eff9fc1bddb0b07d3f2af8632fc1c73a3604e8f0b335',
    shared: '',
    result: 'invalid',
  },
  {
    comment: 'low order point on twist',
    public:
      '3036301006072a8648ce3d020106052b8104000a032200020000000000000000000000000000000000000000000000000000000000000000',
    private: '0098b5c223cf9cc0920a5145ba1fd2f6afee7e1f66d0120b8536685fdf05ebb300',
    shared: '',
    result: 'invalid',
  },
  {
    comment: 'low order point on twist, odd',
    public:
      '3036301006072a8648ce3d020106052b8104000a032200030000000000000000000000000000000000000000000000000000000000000000',
    private: '0098b5c223cf9cc0920a5145ba1fd2f6afee7e1f66d0120b8536685fdf05ebb2ff',
    shared: '',
    result: 'invalid',
  },
]

test.for(secp256k1)('$name: Wycheproof compressed keys', ({ group }) => {
  for (const { comment, public: key, private: secret, shared, result } of TRANSCRIBED) {
    const encoded = fromHex(NAMED_CURVE.exec(key)?.[1] as string)
    if (result === 'invalid') {
      expect(() => group.decodePoint(encoded), comment).toThrow(CodecError)
      continue
    }
    const product = group.multiplyPoint(group.decodePoint(encoded), group.decodeScalar(scalarBytes(secret)))
    expect(toHex(group.encodePoint(product).slice(1)), comment).toBe(shared)
  }
})

test.for(secp256k1)('$name: the whole Wycheproof corpus', ({ group }, { skip }) => {
  if (!existsSync(corpus)) skip('the corpus ../shared/vectors/wycheproof-ecdh-secp256k1.json is not here')
  const { testGroups } = JSON.parse(readFileSync(corpus, 'utf8')) as { testGroups: { tests: Case[] }[] }
  const cases = testGroups.flatMap(({ tests }) => tests)
  const points: Point[] = []
  const scalars: Scalar[] = []
  const shared: string[] = []
  for (const { public: key, private: secret, shared: expected, result } of cases) {
    const encoded = NAMED_CURVE.exec(key)?.[1]
    if (encoded === undefined || result !== 'valid') continue
    points.push(group.decodePoint(fromHex(compressed(encoded))))
    scalars.push(group.decodeScalar(scalarBytes(secret)))
    shared.push(expected)
  }
  const products = group.multiplyPointBatch(points, scalars)
  expect(points.length).toBeGreaterThan(450)
  expect(group.encodePoints(products).map((bytes) => toHex(bytes.slice(1)))).toEqual(shared)
})
