import { Decrypter } from 'age-encryption'
import { expect, test, vi } from 'vitest'
import { someOf } from '../../src/backup/some-of/index.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { createGuardians } from './some-of-fixtures.ts'

vi.mock('../../src/util/random.ts', async (original) => ({
  ...(await original<object>()),
  systemRandom: (length: number) => new Uint8Array(length).fill(7),
}))

const random = seededRandom()
const walletId = toHex(random(16))

test('two shares of one guardian say nothing about the file keys, even if random bytes repeat', async () => {
  const guardians = await createGuardians(2)
  const [recipient] = await someOf(
    2,
    guardians.map(({ seals }) => seals()),
  ).recipients({ walletId })
  if (typeof recipient !== 'object') throw new Error('not code')
  const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ b[i]!)
  const keys = [random(16), random(16)]
  const shares: Uint8Array[] = []
  for (const key of keys) {
    const [stanza] = await recipient.wrapFileKey(key)
    const decrypter = new Decrypter()
    decrypter.addIdentity(guardians[0]!.identity)
    shares.push((await decrypter.decrypt(stanza!.body)).slice(-16))
  }
  expect(xor(shares[0]!, shares[1]!)).not.toEqual(xor(keys[0]!, keys[1]!))
})
