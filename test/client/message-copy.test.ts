import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import { generateWallet, sign } from '../../src/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { stage } from './support/devices.ts'

/** As Node's Buffer: `slice` gives a view. */
class Viewing extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end)
  }
}

test('what is signed is what was given, whatever its owner does to it meanwhile', async () => {
  const client = stage().device()
  const { id: walletId } = await generateWallet(client)
  const message = new Viewing(utf8('hello'))
  const signing = sign(client, { walletId, scheme: 'ed25519', message })
  message.fill(0)
  const { signature, publicKey } = await signing
  expect(ed25519.verify(signature, utf8('hello'), publicKey)).toBe(true)
})
