import type { SignRequest } from '../api/operations.ts'
import { operationSlots, setParties } from '../api/slots.ts'
import { MpcError } from '../errors.ts'
import { createSigning } from '../protocol/frost/session.ts'
import { frostSuite } from '../protocol/frost/suites.ts'
import { verifySignature } from '../protocol/frost/verify.ts'
import type { WalletShares } from '../share/types.ts'
import type { SignatureScheme } from '../types.ts'
import { abytes, toHex } from '../util/bytes.ts'
import { isReplaced, useActiveSet } from './active-set.ts'
import { oneOf, parameters, walletIdArgument } from './arguments.ts'
import { withDeadline, type Deadline } from './deadline.ts'
import { newOperationId, runOperation } from './runner.ts'
import type { ActionOptions, Client } from './types.ts'
import { shareOn } from './wallet-shares.ts'

/** The longest message, in bytes. */
export const MESSAGE_MAX_LENGTH = 64 * 1024

/** How often another tab may replace the set while one signature is made. */
const REPLACED_ATTEMPTS = 4

export interface SignParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** `ed25519`: RFC 8032 by the ed25519 key; `bip340`: Schnorr for Bitcoin by the secp256k1 key. */
  readonly scheme: SignatureScheme
  /** What is signed, at most 64 KiB; BIP 340 users hash theirs first. */
  readonly message: Uint8Array
}

export interface Signature {
  /** 64 bytes: R ‖ s */
  readonly signature: Uint8Array
  /** What it verifies under: 32 bytes, for `bip340` the x coordinate alone. */
  readonly publicKey: Uint8Array
  /** The set that signed. */
  readonly setId: string
}

/**
 * Signs with this device's set and the server; the signature has been verified when it is returned.
 *
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH} if this device cannot use the wallet: recover it
 * @throws {SET_RETIRED} if the set was ended, from here or from another device
 * @throws {POLICY_DENIED} if the server's policy does not allow this message
 * @throws {PROTOCOL_ABORTED} if the server's share of the signature is wrong
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * const { signature } = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
 */
export async function sign(client: Client, options: SignParameters): Promise<Signature> {
  const { walletId, scheme, message } = parameters(options, 'sign')
  walletIdArgument(walletId)
  oneOf(scheme, ['ed25519', 'bip340'], 'scheme')
  if (abytes(message, undefined, 'message').length > MESSAGE_MAX_LENGTH) {
    throw new RangeError(`message must be at most ${MESSAGE_MAX_LENGTH} bytes, got ${message.length}`)
  }
  const signed = abytes(message, undefined, 'message').slice()
  return withDeadline(client, options, async (deadline) => {
    for (let attempt = 1; ; attempt++) {
      let setId = ''
      try {
        return await useActiveSet(client, deadline, walletId, (shares) => {
          setId = toHex(shares.setId)
          return signWith(
            client,
            deadline,
            shares,
            { kind: 'sign', walletId, setId, scheme, message: toHex(signed) },
            signed,
          )
        })
      } catch (error) {
        const retired = error instanceof MpcError && error.code === 'SET_RETIRED'
        if (!retired || attempt === REPLACED_ATTEMPTS) throw error
        if (!(await isReplaced(client, deadline, walletId, setId))) throw error
      }
    }
  })
}

async function signWith(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  request: SignRequest,
  message: Uint8Array,
): Promise<Signature> {
  const [slot] = operationSlots(request)
  const group = client.group(slot!.curve)
  const share = shareOn(shares, slot!.curve)
  const signers = setParties('signing').map(({ id }) => id)
  const session = createSigning({
    scheme: request.scheme,
    group,
    share,
    signers,
    aggregator: share.id,
    message,
    random: client.random,
  })
  const { result, results } = await runOperation(client, deadline, {
    operationId: newOperationId(client),
    request,
    sessions: [session],
  })
  const signature = results[0]?.signature
  const encoded = group.encodePoint(share.record.publicKey)
  const publicKey = request.scheme === 'bip340' ? encoded.slice(1) : encoded
  // The aggregator has checked the shares; this checks the whole, as anybody else will.
  if (!signature || !verifySignature(frostSuite(request.scheme, group), publicKey, message, signature)) {
    throw new MpcError('PROTOCOL_ABORTED', 'the signature does not verify')
  }
  if (result.setId !== request.setId || result.state !== 'ACTIVE') {
    throw new MpcError('SET_MISMATCH', 'the server signed with another set')
  }
  return { signature, publicKey, setId: request.setId }
}
