import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { backupChoicesOf, custom, type BackupKeys } from '../../src/backup/index.ts'
import { hybrid as kind } from '../../src/backup/post-quantum.ts'
import { guardianPart, someOf } from '../../src/backup/some-of/index.ts'
import { interpolateBytes } from '../../src/secret-sharing/gf256.ts'
import { fromHex } from '../../src/util/bytes.ts'
import field from '../vectors/gf256.json' with { type: 'json' }
import vector from '../vectors/some-of.json' with { type: 'json' }
import { cheap } from './fixtures.ts'
import { subsets } from './some-of-fixtures.ts'

const sharesOf = (shares: readonly { index: number; value: string }[]) =>
  shares.map(({ index, value }) => ({ index, value: fromHex(value) }))

test('every two parts of a backup sealed by the first version of the format open it', async () => {
  const { cipherText, walletId, password, x25519, hybrid, handed, receiver } = vector
  expect(backupChoicesOf(cipherText)).toEqual([{ needed: 2, methods: ['PASSWORD', 'CUSTOM', 'CUSTOM'] }])
  const makers: (() => BackupKeys)[] = [
    () => cheap(password),
    () => custom({ identities: [x25519] }),
    () => custom({ identities: [hybrid], kind }),
  ]
  const withHanded = [...makers.slice(0, 2), () => guardianPart(handed, { identity: receiver, kind })]
  for (const some of [...subsets(makers, 2), ...subsets(withHanded, 2)]) {
    const method = someOf(
      2,
      some.map((make) => make()),
    )
    expect(await method.open(cipherText, { walletId })).toEqual(fromHex(vector.plaintext))
  }
})

test('a 2-of-3 vector of SLIP-39 gives its secret and its digest', () => {
  // Its points are shifted by one: XOR with a constant is a bijection of the field that keeps polynomials.
  const shares = sharesOf(field.slip39.shares).map(({ index, value }) => ({ index: index ^ 1, value }))
  const secret = interpolateBytes(shares, 255 ^ 1)
  const digest = interpolateBytes(shares, 254 ^ 1)
  expect([secret, digest]).toEqual([fromHex(field.slip39.secret), fromHex(field.slip39.digest)])
  expect(hmac(sha256, digest.slice(4), secret).slice(0, 4)).toEqual(digest.slice(0, 4))
})

test('shares of shamir-secret-sharing give their secrets', () => {
  for (const { threshold, secret, shares } of field.shamirSecretSharing) {
    for (const some of subsets(sharesOf(shares), threshold)) {
      expect(interpolateBytes(some, 0)).toEqual(fromHex(secret))
    }
  }
})
