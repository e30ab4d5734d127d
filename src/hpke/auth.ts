import { concatBytes, wipe } from '../util/bytes.ts'
import { agree } from './agree.ts'
import { openContext, type HpkeContext, type HpkePsk } from './key-schedule.ts'
import type { HpkeKeyPair } from './x25519.ts'

// HPKE in mode auth: the sender's static key is part of the key agreement. A message that opens came from its holder. With a
// pre-shared key the mode is auth_psk: the sender also holds that key.

/**
 * The sender's context (RFC 9180 §4.1 AuthEncap, §5.1.3 SetupAuthS; with a pre-shared key §5.1.4 SetupAuthPSKS).
 *
 * @param receiver the receiver's public key, 32 bytes
 * @param ephemeral a key pair that was drawn for this context alone; its public key is the encapsulated key
 * @throws {CodecError} if the receiver's public key is of small order
 */
// eslint-disable-next-line max-params -- as in RFC 9180 §5.1.4
export async function setupAuthSender(
  receiver: Uint8Array,
  sender: HpkeKeyPair,
  ephemeral: HpkeKeyPair,
  info: Uint8Array,
  psk?: HpkePsk,
): Promise<HpkeContext> {
  const dhs = await both(agree(ephemeral.secretKey, receiver), agree(sender.secretKey, receiver))
  return contextOf(dhs, concatBytes(ephemeral.publicKey, receiver, sender.publicKey), info, psk)
}

/**
 * The receiver's context (RFC 9180 §4.1 AuthDecap, §5.1.3 SetupAuthR; with a pre-shared key §5.1.4 SetupAuthPSKR).
 *
 * @param sender the sender's public key, 32 bytes
 * @param encapsulated the encapsulated key, 32 bytes
 * @throws {CodecError} if one of the public keys is of small order
 */
// eslint-disable-next-line max-params -- as in RFC 9180 §5.1.4
export async function setupAuthReceiver(
  receiver: HpkeKeyPair,
  sender: Uint8Array,
  encapsulated: Uint8Array,
  info: Uint8Array,
  psk?: HpkePsk,
): Promise<HpkeContext> {
  const dhs = await both(agree(receiver.secretKey, encapsulated), agree(receiver.secretKey, sender))
  return contextOf(dhs, concatBytes(encapsulated, receiver.publicKey, sender), info, psk)
}

async function both(first: Promise<Uint8Array>, second: Promise<Uint8Array>): Promise<readonly Uint8Array[]> {
  const outcomes = await Promise.allSettled([first, second])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  const secrets = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (failed === undefined) return secrets
  wipe(...secrets)
  throw failed.reason
}

function contextOf(
  dhs: readonly Uint8Array[],
  kemContext: Uint8Array,
  info: Uint8Array,
  psk: HpkePsk | undefined,
): HpkeContext {
  const dh = concatBytes(...dhs)
  try {
    return openContext(psk === undefined ? 'auth' : 'authPsk', dh, kemContext, info, psk)
  } finally {
    wipe(dh, ...dhs)
  }
}
