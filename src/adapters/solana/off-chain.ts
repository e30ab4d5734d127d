import {
  compileOffchainMessageEnvelope,
  getOffchainMessageDecoder,
  getOffchainMessageEncoder,
  type MessagePartialSigner,
  type OffchainMessage,
  type OffchainMessageEnvelope,
} from '@solana/kit'

import { assertMethods, assertObject } from '../../util/arguments.ts'
import { equalBytes, utf8 } from '../../util/bytes.ts'
import type { OffchainFields } from './off-chain-fields.ts'

/** The first bytes of off-chain messages: 0xff, with which no transaction starts, and the name of the signing domain. */
const PREFIX = /* @__PURE__ */ Uint8Array.of(0xff, ...utf8('solana offchain'))

/** The longest preamble: prefix, version, application domain, format, 255 signers with their number, and length. */
const MAX_PREAMBLE = 16 + 1 + 32 + 1 + 1 + 255 * 32 + 2

/** The longest message of version 0. Version 1 has no limit of its own. */
const MAX_LENGTH = MAX_PREAMBLE + 65_535

/** The names of the formats of version 0, by their codes. */
/** By their codes. */
const FORMATS = ['ascii', 'utf8', 'longUtf8'] as const

/** Whether bytes have the prefix of off-chain messages, with which no transaction starts. */
export function isOffchainMessage(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, PREFIX.length), PREFIX)
}

/**
 * Decodes an off-chain message with its preamble.
 *
 * @throws {RangeError} if it is not one of version 0 or 1 in its only encoding, names a signer twice, or is too long
 */
export function decodeOffchainMessage(bytes: Uint8Array): OffchainFields {
  if (bytes.length > MAX_LENGTH) throw new RangeError('the off-chain message is too long')
  const message = parse(bytes)
  const signers = message.requiredSignatories.map(({ address }) => address)
  if (new Set(signers).size !== signers.length) throw new RangeError('the off-chain message names a signer twice')
  if (message.version === 1) {
    return { version: 1, applicationDomain: null, format: null, signers, text: message.content }
  }
  const { applicationDomain, content } = message
  return { version: 0, applicationDomain, format: FORMATS[content.format] ?? null, signers, text: content.text }
}

function parse(bytes: Uint8Array): OffchainMessage {
  try {
    const message = getOffchainMessageDecoder().decode(bytes)
    // Whatever kit reads leniently it writes in one way: text that is not UTF-8, bytes left over.
    if (equalBytes(Uint8Array.from(getOffchainMessageEncoder().encode(message)), bytes)) return message
  } catch (cause) {
    throw new RangeError('not an off-chain message of a known version', { cause })
  }
  throw new RangeError('the off-chain message is not in its only encoding')
}

/**
 * Signs an off-chain message of kit. Its preamble keeps the signature from being one of a transaction, and says for which
 * application and by whom the message is.
 *
 * @param signer one of this package, or another one of kit
 * @returns the envelope, with null for signers other than this one
 * @throws {RangeError} if the signer is not one of `requiredSignatories`
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const content = offchainMessageContentUtf8Of1232BytesMax('I agree')
 * const applicationDomain = offchainMessageApplicationDomain(signer.address)
 * const requiredSignatories = [{ address: signer.address }]
 * const envelope = await signOffchainMessage(signer, { version: 0, applicationDomain, content, requiredSignatories })
 */
export async function signOffchainMessage(
  signer: MessagePartialSigner,
  message: OffchainMessage,
): Promise<OffchainMessageEnvelope> {
  const { address } = assertMethods(signer, ['signMessages'], 'signer')
  if (!Array.isArray(assertObject(message, 'signOffchainMessage').requiredSignatories)) {
    throw new TypeError('requiredSignatories must be a list')
  }
  const { content, signatures } = compileOffchainMessageEnvelope(message)
  if (!Object.hasOwn(signatures, address)) throw new RangeError(`${address} is not one of requiredSignatories`)
  const [signed] = await signer.signMessages([{ content: Uint8Array.from(content), signatures: {} }])
  return Object.freeze({ content, signatures: Object.freeze({ ...signatures, ...signed }) })
}
