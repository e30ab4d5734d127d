import { Transaction } from '@scure/btc-signer'

import { abytes, fromBase64, fromHex, isBytes, toBase64, toHex } from '../../util/bytes.ts'

/** The longest PSBT that is read, in bytes: eight megabytes. */
const MAX_LENGTH = 2 ** 23

/** The first bytes of a PSBT, `psbt` and 0xff, in each encoding. No text begins with both. */
const HEX_MAGIC = '70736274ff'
const BASE64_MAGIC = 'cHNidP'

/** How a PSBT was written. */
export type PsbtEncoding = 'bytes' | 'hex' | 'base64'

/** A PSBT, decoded, and how it was written. */
export interface DecodedPsbt {
  readonly transaction: Transaction
  readonly encoding: PsbtEncoding
}

/**
 * Decodes a PSBT (BIP 174, BIP 370). Fields that btc-signer does not know are kept for other participants.
 *
 * @param psbt bytes; text in hex, in either case; or text in base64 with padding. Its first characters decide, so that no
 *   text is read in two ways
 * @throws {TypeError} if it is neither bytes nor text
 * @throws {RangeError} if it is not a PSBT, or is longer than eight megabytes
 */
export function decodePsbt(psbt: Uint8Array | string): DecodedPsbt {
  const isText = typeof psbt === 'string'
  if (!isText && !isBytes(psbt)) throw new TypeError('psbt must be a Uint8Array, or text in hex or base64')
  if (psbt.length > MAX_LENGTH * (isText ? 2 : 1)) throw new RangeError('the PSBT is too long')
  const { bytes, encoding } = isText
    ? decodeText(psbt)
    : { bytes: abytes(psbt, undefined, 'psbt'), encoding: 'bytes' as const }
  if (bytes.length > MAX_LENGTH) throw new RangeError('the PSBT is too long')
  try {
    // Scripts of others that btc-signer does not know are none of its business.
    const options = {
      unknown: 'ignore',
      proprietary: 'ignore',
      allowUnknownInputs: true,
      allowUnknownOutputs: true,
    } as const
    return { transaction: Transaction.fromPSBT(bytes, options), encoding }
  } catch (cause) {
    throw new RangeError('not a PSBT', { cause })
  }
}

function decodeText(text: string): { readonly bytes: Uint8Array; readonly encoding: PsbtEncoding } {
  try {
    const start = text.slice(0, HEX_MAGIC.length).toLowerCase()
    if (start === HEX_MAGIC) return { bytes: fromHex(text.toLowerCase()), encoding: 'hex' }
    if (text.startsWith(BASE64_MAGIC)) return { bytes: fromBase64(text), encoding: 'base64' }
  } catch (cause) {
    throw new RangeError('not a PSBT', { cause })
  }
  throw new RangeError('not a PSBT: text must be hex or base64')
}

/** Encodes a transaction as PSBT, in the version that it had. Hex is in lower case. */
export function encodePsbt(transaction: Transaction, encoding: PsbtEncoding): Uint8Array | string {
  const bytes = transaction.toPSBT()
  if (encoding === 'bytes') return bytes
  return encoding === 'hex' ? toHex(bytes) : toBase64(bytes)
}
