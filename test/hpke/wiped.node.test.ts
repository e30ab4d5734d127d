import { describe, expect, test } from 'vitest'
import { agree, stableKeyPair } from '../../src/hpke/agree.ts'
import { setupAuthReceiver, setupAuthSender } from '../../src/hpke/auth.ts'
import { hpkeOpen, hpkeSeal, sealBy } from '../../src/hpke/base.ts'
import { openContext } from '../../src/hpke/key-schedule.ts'
import { agreeOnce, keyPairOf } from '../../src/hpke/x25519.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { hedgedRandom } from '../../src/util/hedge.ts'
import { allocationsOf, type Allocations } from '../support/allocations.ts'
import { scheduleOf } from '../support/hpke-schedule.ts'
import { seededRandom } from '../support/random.ts'

// No byte array that is made on the way holds a secret of the key schedule afterwards: they are computed here once more, by
// another implementation, and looked for.

const random = seededRandom()
/** @noble/curves leaves its copy of a secret key with bits set and cleared, as X25519 does: ours are no such copies. */
const isClamped = (secretKey: Uint8Array) => (secretKey[0]! & 7) === 0
const drawSecretKey = () => random(32).map((byte, i) => (i === 0 ? byte | 1 : byte))
const [receiver, sender, ephemeral] = [drawSecretKey(), drawSecretKey(), drawSecretKey()].map(keyPairOf) as [
  Pair,
  Pair,
  Pair,
]
const [info, aad, plaintext] = [utf8('info'), utf8('aad'), random(40)]
type Pair = ReturnType<typeof keyPairOf>

/** The names of the secrets that something still holds. */
function left(allocations: Allocations, secrets: Record<string, Uint8Array>): string[] {
  return Object.keys(secrets).filter((name) => allocations.holding(secrets[name]!).length > 0)
}

const dhOf = ({ secretKey }: Pair, { publicKey }: Pair) => agreeOnce(secretKey, publicKey)

describe('mode base', () => {
  const secrets = scheduleOf(0, dhOf(ephemeral, receiver), info, concatBytes(ephemeral.publicKey, receiver.publicKey))

  test('a context holds its keys until it is wiped, and nothing else', async () => {
    let context: ReturnType<typeof openContext> | undefined
    const dh = secrets['dh']!.slice()
    const allocations = await allocationsOf(() => {
      context = openContext('base', dh, concatBytes(ephemeral.publicKey, receiver.publicKey), info)
    })
    expect(left(allocations, secrets)).toEqual(['key', 'exporter'])
    context!.wipe()
    expect(left(allocations, secrets)).toEqual([])
    expect(dh).toEqual(secrets['dh'])
  })

  test('sealing leaves nothing, nor the ephemeral key', async () => {
    const own = { ...ephemeral, secretKey: ephemeral.secretKey.slice() }
    const all = { ...secrets, ephemeral: ephemeral.secretKey }
    const allocations = await allocationsOf(() => sealBy(own, receiver.publicKey, { info, aad }, plaintext))
    expect(left(allocations, all)).toEqual([])
    expect(own.secretKey).toEqual(new Uint8Array(32))
  })

  test('sealing to a key of small order leaves no ephemeral key', () => {
    const own = { ...ephemeral, secretKey: ephemeral.secretKey.slice() }
    expect(() => sealBy(own, new Uint8Array(32), { info, aad }, plaintext)).toThrow(CodecError)
    expect(own.secretKey).toEqual(new Uint8Array(32))
  })

  test('the ephemeral key of hpkeSeal is wiped too', async () => {
    let entropy = random(32)
    const drawn: Uint8Array[] = []
    const source = () => (drawn.push(entropy.slice()), drawn.at(-1))
    const drawKey = () => hedgedRandom(source, 'ephemeral key', plaintext, receiver.publicKey, info, aad)(32)
    let secretKey = drawKey()
    while (isClamped(secretKey)) {
      entropy = random(32)
      secretKey = drawKey()
    }
    drawn.length = 1
    const allocations = await allocationsOf(() => hpkeSeal(receiver.publicKey, { info, aad }, plaintext, source))
    expect(left(allocations, { secretKey })).toEqual([])
    expect(drawn).toEqual([new Uint8Array(32), new Uint8Array(32)])
  })

  const sealed = sealBy(
    { ...ephemeral, secretKey: ephemeral.secretKey.slice() },
    receiver.publicKey,
    { info, aad },
    plaintext,
  )
  test.each([
    ['right', sealed],
    ['wrong', sealed.with(40, sealed[40]! ^ 1)],
  ])('opening what is %s leaves nothing but the plaintext', async (name, message) => {
    const allocations = await allocationsOf(() => {
      try {
        hpkeOpen(receiver, { info, aad }, message)
      } catch (error) {
        expect([name, error]).toEqual(['wrong', expect.any(CodecError)])
      }
    })
    expect(left(allocations, secrets)).toEqual([])
    // On a failure not even that.
    expect(allocations.holding(plaintext).length > 0).toBe(name === 'right')
  })
})

const PSK = { psk: random(32), id: utf8('id') }

describe.each([
  ['auth', 2, undefined],
  ['auth_psk', 3, PSK],
] as const)('mode %s', (_, mode, psk) => {
  const [first, second] = [dhOf(ephemeral, receiver), dhOf(sender, receiver)]
  const kemContext = concatBytes(ephemeral.publicKey, receiver.publicKey, sender.publicKey)
  const secrets = { ...scheduleOf(mode, concatBytes(first, second), info, kemContext, psk), first, second }

  test.each([
    ['sender', () => setupAuthSender(receiver.publicKey, sender, ephemeral, info, psk)],
    ['receiver', () => setupAuthReceiver(receiver, sender.publicKey, ephemeral.publicKey, info, psk)],
  ])('the context of the %s holds its keys until it is wiped, and nothing else', async (_, setup) => {
    // Outside of what is recorded: the first call asks the platform what it can.
    await stableKeyPair(random(32))
    let context: Awaited<ReturnType<typeof setup>> | undefined
    const allocations = await allocationsOf(async () => {
      context = await setup()
    })
    expect(left(allocations, secrets)).toEqual(['key', 'exporter'])
    context!.wipe()
    expect(left(allocations, secrets)).toEqual([])
  })

  test('what one agreement has given is wiped where the other fails', async () => {
    const allocations = await allocationsOf(() =>
      expect(setupAuthReceiver(receiver, new Uint8Array(32), ephemeral.publicKey, info)).rejects.toThrow(CodecError),
    )
    expect(left(allocations, { first })).toEqual([])
    const other = await allocationsOf(() =>
      expect(setupAuthReceiver(receiver, sender.publicKey, new Uint8Array(32), info)).rejects.toThrow(CodecError),
    )
    expect(left(other, { second })).toEqual([])
  })
})

test.each([
  ['gives what it should', () => agree(receiver.secretKey, sender.publicKey)],
  ['is refused', () => agree(receiver.secretKey, new Uint8Array(32)).catch(() => undefined)],
])('the secret key is in no copy for the platform, where the agreement %s', async (_, run) => {
  await stableKeyPair(random(32))
  // A bit of the first byte is set in the copy.
  const allocations = await allocationsOf(run)
  expect(left(allocations, { secretKey: receiver.secretKey.slice(1) })).toEqual([])
})
