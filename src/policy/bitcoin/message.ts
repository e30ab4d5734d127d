import { bitcoinOutput, type BitcoinNetwork } from '../../adapters/bitcoin/address.ts'
import { messageDigest } from '../../adapters/bitcoin/message-transaction.ts'
import { fromUtf8, toHex } from '../../util/bytes.ts'
import type { Intent } from '../../wire/intent.ts'
import type { DecodedIntent, IntendedSignature } from '../types.ts'

/** Decodes a message that is signed by an address of the key (BIP 322). */
export function decodeMessage(
  { data, addressType }: Extract<Intent, { readonly kind: 'bitcoinMessage' }>,
  { publicKey }: IntendedSignature,
  network: BitcoinNetwork,
): DecodedIntent {
  const output = bitcoinOutput(publicKey, addressType, network)
  const { type, address } = output
  return {
    scheme: type === 'p2tr' ? 'bip340' : 'ecdsa',
    message: messageDigest(data, output).digest,
    intent: { kind: 'bitcoinMessage', verified: true, type, address, data: toHex(data), text: textOf(data) },
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes)
  } catch {
    return null
  }
}
