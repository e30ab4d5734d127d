import { describe, expect, test } from 'vitest'
import { createDeviceChannel, type DeviceChannelOptions } from '../../../src/client/join/device-channel.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../../src/hpke/x25519.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { seededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'

const HELLO = utf8('hello')

/** Both ends of a channel, and what they are made of. */
function channel(random = seededRandom()) {
  const [inviting, joining] = [generateKeyPair(random), generateKeyPair(random)]
  const agreed = { invitationId: toHex(random(16)), joiningKey: joining.publicKey, random }
  const psk = random(32)
  const copy = ({ secretKey, publicKey }: HpkeKeyPair) => ({ secretKey: secretKey.slice(), publicKey })
  const make = (side: 'inviting' | 'joining', change: Partial<DeviceChannelOptions> = {}) =>
    createDeviceChannel({
      side,
      ...agreed,
      own: copy(side === 'inviting' ? inviting : joining),
      psk: psk.slice(),
      ...change,
    })
  return { random, inviting, joining, agreed, psk, make, ours: make('inviting'), theirs: make('joining') }
}

const expectClosed = (opening: Promise<unknown>) => expect(opening).rejects.toThrow(CodecError)

describe('the channel between two devices', () => {
  test('carries messages both ways', async () => {
    const { ours, theirs } = channel()
    for (let i = 0; i < 3; i++) {
      const message = utf8(`message ${i}`)
      expect(await theirs.open(await ours.seal(message))).toEqual(message)
      expect(await ours.open(await theirs.seal(message))).toEqual(message)
    }
  })

  test('the joining device says nothing before it knows the other', async () => {
    await expect(channel().theirs.seal(HELLO)).rejects.toThrow(TypeError)
  })

  test('a message opens once, in its order, and on the other side alone', async () => {
    const { ours, theirs, make } = channel()
    const [first, second] = [await ours.seal(HELLO), await ours.seal(HELLO)]
    await expectClosed(theirs.open(second))
    await theirs.open(first)
    await expectClosed(theirs.open(first))
    await expectClosed(ours.open(first))
    const back = await theirs.seal(HELLO)
    await expectClosed(make('joining').open(back))
    await theirs.open(second)
  })

  test('is bound to the invitation, the code and both keys', async () => {
    const { random, make, ours, agreed } = channel()
    const first = await ours.seal(HELLO)
    const other = generateKeyPair(random)
    await expectClosed(make('joining', { psk: random(32) }).open(first))
    await expectClosed(make('joining', { invitationId: toHex(random(16)) }).open(first))
    await expectClosed(make('joining', { own: { ...other, secretKey: other.secretKey.slice() } }).open(first))
    await expectClosed(make('joining', { joiningKey: other.publicKey }).open(first))
    expect(await make('joining', agreed).open(first)).toEqual(HELLO)
  })

  test('every bit of a message counts', async () => {
    const { ours, theirs } = channel()
    const message = await ours.seal(HELLO)
    for (let at = 0; at < message.length; at++) await expectClosed(theirs.open(flip(message, at)))
    for (const length of [0, 1, 33, 65, 80, message.length - 1])
      await expectClosed(theirs.open(message.slice(0, length)))
    expect(await theirs.open(message)).toEqual(HELLO)
  })

  test('who has photographed the code reads nothing, and does not take the place of a device that was heard', async () => {
    const { random, make, ours, theirs, agreed, psk } = channel()
    // The photograph shows the pre-shared key and the joining device's public key, but not its secret key.
    const thief = generateKeyPair(random)
    const first = await ours.seal(HELLO)
    await expectClosed(make('joining', { own: { ...thief, publicKey: agreed.joiningKey } }).open(first))
    await theirs.open(first)
    const forged = createDeviceChannel({ side: 'inviting', ...agreed, own: thief, psk: psk.slice() })
    await forged.seal(HELLO)
    await expectClosed(theirs.open(await forged.seal(HELLO)))
    // To the inviting device he cannot speak at all: it knows the joining device's key from the code.
    const asJoining = make('joining', { own: generateKeyPair(random), joiningKey: agreed.joiningKey })
    await expectClosed(asJoining.open(first))
  })

  test('a sender of small order is refused', async () => {
    const { ours, theirs } = channel()
    const message = await ours.seal(HELLO)
    await expectClosed(theirs.open(Uint8Array.of(message[0]!, ...new Uint8Array(32), ...message.subarray(33))))
    await expectClosed(
      theirs.open(Uint8Array.of(...message.subarray(0, 33), ...new Uint8Array(32), ...message.subarray(65))),
    )
  })

  test('repeated randomness does not seal two messages with one key', async () => {
    const { make } = channel()
    const stuck = () => new Uint8Array(32).fill(7)
    const [one, two] = [make('inviting', { random: stuck }), make('inviting', { random: stuck })]
    const [a, b] = [await one.seal(utf8('a')), await two.seal(utf8('b'))]
    expect(a.subarray(33, 65)).not.toEqual(b.subarray(33, 65))
    expect(await two.seal(utf8('b'))).not.toEqual(b)
  })

  test('wipes its keys, and is over', async () => {
    const { random, agreed } = channel()
    const own = generateKeyPair(random)
    const psk = random(32)
    const end = createDeviceChannel({ side: 'inviting', ...agreed, own, psk })
    end.wipe()
    end.wipe()
    expect([own.secretKey, psk]).toEqual([new Uint8Array(32), new Uint8Array(32)])
    await expect(end.seal(HELLO)).rejects.toThrow(TypeError)
    await expect(end.open(HELLO)).rejects.toThrow(TypeError)
  })
})
