import { describe, expect, test } from 'vitest'

import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { portableGroup } from '../../../src/curve/portable.ts'
import {
  decodeExtendedPublicKey,
  derivePath,
  encodeDerivedKey,
  encodeExtendedPublicKey,
  fingerprint,
  formatPath,
  parsePath,
} from '../../../src/protocol/derive/index.ts'
import type { Group } from '../../../src/curve/group.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { seededRandom } from '../../support/random.ts'

function errorOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

// BIP 32, "Test Vectors": every chain of vectors 1 to 4.
const KEYS = [
  'xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8',
  'xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw',
  'xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ',
  'xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5',
  'xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV',
  'xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy',
  'xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB',
  'xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH',
  'xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a',
  'xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon',
  'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL',
  'xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt',
  'xpub661MyMwAqRbcEZVB4dScxMAdx6d4nFc9nvyvH3v4gJL378CSRZiYmhRoP7mBy6gSPSCYk6SzXPTf3ND1cZAceL7SfJ1Z3GC8vBgp2epUt13',
  'xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y',
  'xpub661MyMwAqRbcGczjuMoRm6dXaLDEhW1u34gKenbeYqAix21mdUKJyuyu5F1rzYGVxyL6tmgBUAEPrEz92mBXjByMRiJdba9wpnN37RLLAXa',
  'xpub69AUMk3qDBi3uW1sXgjCmVjJ2G6WQoYSnNHyzkmdCHEhSZ4tBok37xfFEqHd2AddP56Tqp4o56AePAgCjYdvpW2PU2jbUPFKsav5ut6Ch1m',
  'xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDkM5d88n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt',
]

// The steps of those chains that are not hardened: parent, index, child.
const STEPS = [
  {
    chain: "vector 1, m/0'/1",
    parent:
      'xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw',
    index: 1,
    child:
      'xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ',
  },
  {
    chain: "vector 1, m/0'/1/2'/2",
    parent:
      'xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5',
    index: 2,
    child:
      'xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV',
  },
  {
    chain: "vector 1, m/0'/1/2'/2/1000000000",
    parent:
      'xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV',
    index: 1000000000,
    child:
      'xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy',
  },
  {
    chain: 'vector 2, m/0',
    parent:
      'xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB',
    index: 0,
    child:
      'xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH',
  },
  {
    chain: "vector 2, m/0/2147483647'/1",
    parent:
      'xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a',
    index: 1,
    child:
      'xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon',
  },
  {
    chain: "vector 2, m/0/2147483647'/1/2147483646'/2",
    parent:
      'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL',
    index: 2,
    child:
      'xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt',
  },
]

// Vector 5; private keys are refused like everything that is no extended public key.
const INVALID = [
  [
    'pubkey version / prvkey mismatch',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm',
  ],
  [
    'prvkey version / pubkey mismatch',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGTQQD3dC4H2D5GBj7vWvSQaaBv5cxi9gafk7NF3pnBju6dwKvH',
  ],
  [
    'invalid pubkey prefix 04',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn',
  ],
  [
    'invalid prvkey prefix 04',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGpWnsj83BHtEy5Zt8CcDr1UiRXuWCmTQLxEK9vbz5gPstX92JQ',
  ],
  [
    'invalid pubkey prefix 01',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4',
  ],
  [
    'invalid prvkey prefix 01',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD9y5gkZ6Eq3Rjuahrv17fEQ3Qen6J',
  ],
  [
    'zero depth with non-zero parent fingerprint',
    'xprv9s2SPatNQ9Vc6GTbVMFPFo7jsaZySyzk7L8n2uqKXJen3KUmvQNTuLh3fhZMBoG3G4ZW1N2kZuHEPY53qmbZzCHshoQnNf4GvELZfqTUrcv',
  ],
  [
    'zero depth with non-zero parent fingerprint',
    'xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ',
  ],
  [
    'zero depth with non-zero index',
    'xprv9s21ZrQH4r4TsiLvyLXqM9P7k1K3EYhA1kkD6xuquB5i39AU8KF42acDyL3qsDbU9NmZn6MsGSUYZEsuoePmjzsB3eFKSUEh3Gu1N3cqVUN',
  ],
  [
    'zero depth with non-zero index',
    'xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8',
  ],
  [
    'unknown extended key version',
    'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4',
  ],
  [
    'unknown extended key version',
    'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHPmHJiEDXkTiJTVV9rHEBUem2mwVbbNfvT2MTcAqj3nesx8uBf9',
  ],
  [
    'private key 0 not in 1..n-1',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1VvEHx',
  ],
  [
    'private key n not in 1..n-1',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiUvKr9bJpdrcLg1y3G',
  ],
  [
    'invalid pubkey 020000000000000000000000000000000000000000000000000000000000000007',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY',
  ],
  [
    'invalid checksum',
    'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHL',
  ],
] as const

describe.each([
  { name: 'wasm', group: wasmGroup('secp256k1') },
  { name: 'portable', group: portableGroup('secp256k1') },
])('BIP 32 on $name', ({ group }) => {
  test.each(STEPS)('$chain', ({ parent, index, child }) => {
    const { key, origin } = decodeExtendedPublicKey(group, parent)
    const derived = derivePath(group, key, [index])
    const text = encodeExtendedPublicKey(group, derived, {
      depth: origin.depth + 1,
      parentFingerprint: fingerprint(group, key.publicKey),
      index,
    })
    expect(text).toBe(child)
  })

  test('extended public keys are read and written back', () => {
    for (const text of KEYS) {
      const { key, origin, network } = decodeExtendedPublicKey(group, text)
      expect(encodeExtendedPublicKey(group, key, origin, network)).toBe(text)
    }
  })

  test.each(INVALID)('%s is refused', (_, text) => {
    expect(() => decodeExtendedPublicKey(group, text)).toThrow(CodecError)
  })

  test('refuses texts that are not base 58, too long, or not canonical', () => {
    const [text] = KEYS as [string]
    for (const bad of ['', `${text}1`, `1${text}`, text.slice(1), `${text.slice(0, -1)}0`, text.toLowerCase()]) {
      expect(() => decodeExtendedPublicKey(group, bad)).toThrow(CodecError)
    }
  })

  test('a path is its steps one after the other, and its tweak leads from the key to the child', () => {
    const random = seededRandom()
    const root = { publicKey: group.multiplyBase(group.randomScalar(random)), chainCode: random(32) }
    const path = [random.int(0, 0x7fffffff), 0, random.int(0, 0x7fffffff)]
    const derived = derivePath(group, root, path)
    const stepwise = path.reduce((key, index) => derivePath(group, key, [index]), derivePath(group, root, []))
    expect(group.equalPoints(derived.publicKey, stepwise.publicKey)).toBe(true)
    expect(derived.chainCode).toEqual(stepwise.chainCode)
    expect(derived.path).toEqual(path)
    const shifted = group.addPoints(root.publicKey, group.multiplyBase(derived.tweak))
    expect(group.equalPoints(shifted, derived.publicKey)).toBe(true)
    expect(decodeExtendedPublicKey(group, encodeDerivedKey(group, root, derived)).origin.depth).toBe(3)
    expect(encodeDerivedKey(group, root, derivePath(group, root, []))).toBe(encodeExtendedPublicKey(group, root))
  })

  test('hardened steps are refused', () => {
    const { key } = decodeExtendedPublicKey(group, KEYS[0] as string)
    for (const index of [0x80000000, -1, 0.5, 2 ** 32]) {
      expect(() => derivePath(group, key, [index])).toThrow('not hardened')
    }
  })

  test('a child at infinity is refused', () => {
    const { key } = decodeExtendedPublicKey(group, KEYS[0] as string)
    const { tweak } = derivePath(group, key, [0])
    // No such key is known: the group is told that it has met one.
    const colliding = { ...group, addPoints: () => group.identity }
    expect(group.isZero(tweak)).toBe(false)
    expect(errorOf(() => derivePath(colliding, key, [0]))).toBeInstanceOf(RangeError)
    expect(() => derivePath(colliding, key, [0])).toThrow(/BIP 32/)
  })

  /** A group in which no scalar is read without this error. */
  const failing = (error: Error) => ({
    ...group,
    decodeScalar: () => {
      throw error
    },
  })

  test('an I_L that is not below the order is refused', () => {
    const { key } = decodeExtendedPublicKey(group, KEYS[0] as string)
    const cause = new CodecError('scalar is not below the group order')
    const error = errorOf(() => derivePath(failing(cause), key, [0]))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: expect.stringContaining('BIP 32') as unknown, cause })
    const fault = new TypeError('another error')
    expect(errorOf(() => derivePath(failing(fault), key, [0]))).toBe(fault)
  })

  test('an I_L of zero is a tweak like any other', () => {
    const { key } = decodeExtendedPublicKey(group, KEYS[0] as string)
    // No such step is known: the group reads zeros in its place.
    const zeros: Group['decodeScalar'] = (_, options) => group.decodeScalar(new Uint8Array(32), options)
    const { publicKey, tweak } = derivePath({ ...group, decodeScalar: zeros }, key, [0])
    expect(group.isZero(tweak)).toBe(true)
    expect(group.equalPoints(publicKey, key.publicKey)).toBe(true)
  })

  test('has no text of BIP 32 for keys on ed25519', () => {
    const ed25519 = portableGroup('ed25519')
    const key = { publicKey: ed25519.generator, chainCode: new Uint8Array(32) }
    expect(() => encodeExtendedPublicKey(ed25519, key)).toThrow('not defined on ed25519')
    const child = derivePath(ed25519, key, [0])
    expect(() => encodeDerivedKey(ed25519, key, child, 'mainnet')).toThrow('not defined on ed25519')
    expect(() => decodeExtendedPublicKey(ed25519, KEYS[0] as string)).toThrow('not defined on ed25519')
  })
})

describe('paths', () => {
  test.each([
    ['m', []],
    ['m/0', [0]],
    ['m/0/2147483647/1', [0, 2147483647, 1]],
  ])('%s is read and written back', (text, path) => {
    expect(parsePath(text)).toEqual(path)
    expect(formatPath(path)).toBe(text)
  })

  test.each(['', 'M', 'm/', '/0', 'm/01', 'm/-1', 'm/1.5', 'm/x', 'm//1', ' m', 'n/0'])('%j is not a path', (text) => {
    expect(() => parsePath(text)).toThrow(TypeError)
    expect(() => parsePath(new String('m/0') as string)).toThrow(TypeError)
  })

  test.each(["m/0'", 'm/44h/0', 'm/0H', 'm/2147483648', 'm/9999999999'])('%s is out of range', (text) => {
    expect(() => parsePath(text)).toThrow(RangeError)
    expect(() => parsePath(text)).toThrow(/[hH']$/.test(text) || text.includes('h/') ? 'private key' : 'not hardened')
  })

  test('a path has at most 255 steps', () => {
    expect(parsePath(`m${'/1'.repeat(255)}`)).toHaveLength(255)
    expect(() => parsePath(`m${'/1'.repeat(256)}`)).toThrow(RangeError)
  })
})
