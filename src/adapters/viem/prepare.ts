import {
  getTypesForEIP712Domain,
  hashMessage,
  keccak256,
  serializeSignature,
  serializeTransaction,
  type Hex,
  type SerializeTransactionFn,
  type Signature,
  type SignableMessage,
  type TransactionSerializable,
  type TypedDataDomain,
} from 'viem'

import type { Intent } from '../../index.ts'
import { messageIntent, transactionIntent, typedDataIntent } from './intents.ts'
import { readTypedData, typedDataHash } from './typed-data.ts'
import { isText } from './values.ts'

/** What is signed, and what is made of the signature. */
export interface Prepared {
  /** 32 bytes */
  readonly hash: Hex
  /** What it is the hash of; undefined for what no server can decode. */
  readonly intent: Intent | undefined
  readonly finish: (signature: Signature) => Hex | Promise<Hex>
}

/** A message (EIP-191). @throws {RangeError} if it has no encoding in UTF-8 */
export function prepareMessage(message: SignableMessage): Prepared {
  return { hash: messageHash(message), intent: messageIntent(message), finish: serializeSignature }
}

/** Typed data (EIP-712). @throws {RangeError} if it is not valid */
export function prepareTypedData(given: unknown): Prepared {
  const typedData = readTypedData(withDomainTypes(given))
  return { hash: typedDataHash(typedData), intent: typedDataIntent(typedData), finish: serializeSignature }
}

/** A transaction. Finished, it is serialized with its signature. */
export async function prepareTransaction(
  transaction: TransactionSerializable,
  serializer: SerializeTransactionFn<TransactionSerializable> = serializeTransaction,
): Promise<Prepared> {
  const unsigned = withoutSignature(transaction)
  // The signed part of a blob transaction has no sidecars (EIP-4844, "Networking").
  const signed = unsigned.type === 'eip4844' ? { ...unsigned, sidecars: false as const } : unsigned
  const serialized = await serializer(signed)
  const hash = keccak256(serialized)
  return {
    hash,
    intent: transactionIntent(serialized),
    finish: async (signature) => {
      if (keccak256(await serializer(signed)) !== hash) {
        throw new RangeError('the transaction changed while it was signed')
      }
      return serializer(unsigned, signature)
    },
  }
}

/** A copy without the fields of an earlier signature, which viem would serialize as part of the signed data. */
function withoutSignature(transaction: TransactionSerializable): TransactionSerializable {
  const names = ['r', 's', 'v', 'yParity']
  const rest = Object.entries(transaction).filter(([name]) => !names.includes(name))
  return Object.fromEntries(rest)
}

function messageHash(message: SignableMessage): Hex {
  if (typeof message === 'string' && !isText(message)) throw new RangeError('message has no encoding in UTF-8')
  return hashMessage(message)
}

/** Adds the types of the domain if they are missing, as viem does: they follow from the domain's fields. */
function withDomainTypes(typedData: unknown): unknown {
  const { types, domain, ...rest } = typedData as Record<string, unknown>
  const given = Object.entries(domain ?? {}).filter(([, value]) => value !== undefined && value !== null)
  const used = Object.fromEntries(given) as TypedDataDomain
  return {
    ...rest,
    domain: used,
    types: { EIP712Domain: getTypesForEIP712Domain({ domain: used }), ...(types as object) },
  }
}
