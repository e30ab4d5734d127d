import { stableKeyPair } from '../../hpke/agree.ts'
import { setupAuthReceiver, setupAuthSender } from '../../hpke/auth.ts'
import { TAG_LENGTH, type HpkeContext } from '../../hpke/key-schedule.ts'
import { X25519_LENGTH, type HpkeKeyPair } from '../../hpke/x25519.ts'
import { concatBytes, equalBytes, fromHex, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { createHasher } from '../../util/tagged-hash.ts'

// The messages between two devices of which one joins a wallet. The server relays them. Each is sealed by HPKE in mode
// auth_psk (RFC 9180) with an ephemeral key of its own: only a holder of the code and of the receiver's key can read it, and
// only a holder of the code and of the sender's key can have written it.

const VERSION = 1
const HEADER_LENGTH = 1 + X25519_LENGTH
const OVERHEAD = HEADER_LENGTH + X25519_LENGTH + TAG_LENGTH

/** Which of the two devices: the one that has the wallet, or the one that joins it. */
export type JoinSide = 'inviting' | 'joining'

/** What one side's end of the channel is made of. */
export interface DeviceChannelOptions {
  readonly side: JoinSide
  /** 16 bytes in lower-case hex */
  readonly invitationId: string
  /** The public key in the code, which the joining device has made for this invitation. */
  readonly joiningKey: Uint8Array
  /** This side's key pair, made for this invitation. The channel keeps it and wipes it. */
  readonly own: HpkeKeyPair
  /** The pre-shared key in the code. The channel keeps it and wipes it. */
  readonly psk: Uint8Array
  readonly random: RandomSource
}

/** One side's end of the channel. Its messages are counted: each opens once, in its order, and on the other side only. */
export interface DeviceChannel {
  /**
   * Seals this side's next message:
   * `version u8 | sender's public key[32] | encapsulated key[32] | ciphertext | tag[16]`. The first two fields are the
   * associated data.
   *
   * @throws {TypeError} before the other side's key is known, or after the channel was wiped
   */
  seal(plaintext: Uint8Array): Promise<Uint8Array>
  /**
   * Opens the other side's next message. The joining device learns the other's key from the first one that opens.
   *
   * @returns the plaintext; the caller wipes it if it is secret
   * @throws {CodecError} if it is not that message
   * @throws {TypeError} after the channel was wiped
   */
  open(message: Uint8Array): Promise<Uint8Array>
  /** Wipes the keys. Idempotent. */
  wipe(): void
}

const hash = createHasher('wallet', 'join')

/** Draws a key pair. The caller wipes its secret key, which is wiped here if this fails. */
export async function drawKeyPair(random: RandomSource): Promise<HpkeKeyPair> {
  const secretKey = random(X25519_LENGTH)
  try {
    return await stableKeyPair(secretKey)
  } catch (error) {
    wipe(secretKey)
    throw error
  }
}

/** Makes one side's end of the channel. */
export function createDeviceChannel(options: DeviceChannelOptions): DeviceChannel {
  const { side, own, joiningKey, random } = options
  const id = fromHex(options.invitationId)
  const psk = { psk: options.psk, id }
  let peer = side === 'inviting' ? joiningKey : undefined
  let isWiped = false
  let sealed = 0
  let opened = 0
  const assertLive = () => {
    if (isWiped) throw new TypeError('the channel was wiped')
  }
  /** Binds a message to the invitation, both keys, the direction, and its number. */
  const infoOf = (sender: JoinSide, count: number, invitingKey: Uint8Array) =>
    hash(sender, id, joiningKey, invitingKey, count)
  return {
    async seal(plaintext) {
      assertLive()
      if (peer === undefined) throw new TypeError('the other device is not known yet')
      const info = infoOf(side, sealed++, side === 'inviting' ? own.publicKey : peer)
      const hedged = hedgedRandom(random, 'ephemeral key', psk.psk, peer, info, plaintext)
      const ephemeral = await drawKeyPair(hedged)
      let context: HpkeContext | undefined
      try {
        context = await setupAuthSender(peer, own, ephemeral, info, psk)
        const header = concatBytes(Uint8Array.of(VERSION), own.publicKey)
        return concatBytes(header, ephemeral.publicKey, context.seal(header, plaintext))
      } finally {
        context?.wipe()
        wipe(ephemeral.secretKey)
      }
    },
    async open(message) {
      assertLive()
      if (message.length < OVERHEAD) throw new CodecError('a message of the other device is too short')
      const header = message.slice(0, HEADER_LENGTH)
      if (header[0] !== VERSION) throw new CodecError('a message of the other device is of another version')
      const sender = header.subarray(1)
      if (peer !== undefined && !equalBytes(sender, peer)) throw new CodecError('a message is of another device')
      const encapsulated = message.slice(HEADER_LENGTH, HEADER_LENGTH + X25519_LENGTH)
      const invitingKey = side === 'inviting' ? own.publicKey : sender
      const info = infoOf(side === 'inviting' ? 'joining' : 'inviting', opened, invitingKey)
      const context = await setupAuthReceiver(own, sender, encapsulated, info, psk)
      try {
        const plaintext = context.open(header, message.subarray(HEADER_LENGTH + X25519_LENGTH))
        peer = sender
        opened++
        return plaintext
      } finally {
        context.wipe()
      }
    },
    wipe() {
      isWiped = true
      wipe(own.secretKey, psk.psk)
    },
  }
}
