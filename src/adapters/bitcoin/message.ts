import { RawWitness } from '@scure/btc-signer'

import type { WalletKeys } from '../../index.ts'
import { assertObject } from '../../util/arguments.ts'
import { abytes, toBase64, utf8 } from '../../util/bytes.ts'
import { isWellFormed } from '../../util/text.ts'
import type { OwnedOutput } from './address.ts'
import { messageDigest } from './message-transaction.ts'
import { signDigest } from './sign-digest.ts'
import { signatureField } from './signature.ts'

/** The longest message that is signed, in bytes. */
const MAX_LENGTH = 2 ** 16

/** The formats of BIP 322. */
export type MessageFormat = 'simple' | 'full'

/** Parameters of `signMessage` of a Bitcoin signer. */
export interface SignMessageParameters {
  /** One of the signer's addresses. */
  readonly address: string
  /** Text, which is signed in UTF-8 without a normalization, or bytes. At most 64 KiB. */
  readonly message: string | Uint8Array
  /** Default: `simple`, and `full` for an address of `p2pkh`, which has no other. */
  readonly format?: MessageFormat
  /** Aborts the signing. */
  readonly signal?: AbortSignal
}

/** Signs a message, as `BitcoinSigner` says. */
export async function signBitcoinMessage(
  keys: WalletKeys,
  outputs: readonly OwnedOutput[],
  parameters: SignMessageParameters,
): Promise<string> {
  const { address, message, format, signal } = assertObject(parameters, 'signMessage')
  const owner = outputs.find((output) => output.address === address)
  if (owner === undefined) throw new RangeError('address is none of this signer')
  const chosen = formatOf(owner, format)
  const data = bytesOf(message)
  const { transaction, digest, sighashType } = messageDigest(data, owner)
  const intent = { kind: 'bitcoinMessage', data, addressType: owner.type } as const
  const signature = await signDigest(keys, { digest, owner }, { intent, signal })
  transaction.updateInput(0, signatureField(owner, signature, sighashType), true)
  transaction.finalize()
  const { finalScriptWitness = [] } = transaction.getInput(0)
  return toBase64(chosen === 'full' ? transaction.extract() : RawWitness.encode(finalScriptWitness))
}

function formatOf({ type }: OwnedOutput, format: MessageFormat = type === 'p2pkh' ? 'full' : 'simple'): MessageFormat {
  if (format !== 'simple' && format !== 'full') throw new TypeError('format must be simple or full')
  if (format === 'simple' && type === 'p2pkh') throw new RangeError('a message of p2pkh has the format full')
  return format
}

/** A copy, since a caller may change the bytes while they are signed. */
function bytesOf(message: string | Uint8Array): Uint8Array {
  if (typeof message === 'string' && !isWellFormed(message)) {
    throw new RangeError('message has an unpaired surrogate')
  }
  const bytes = typeof message === 'string' ? utf8(message) : abytes(message, undefined, 'message').slice()
  if (bytes.length > MAX_LENGTH) throw new RangeError(`message must be at most ${MAX_LENGTH} bytes`)
  return bytes
}
