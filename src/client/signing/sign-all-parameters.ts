import { SIGN_ITEMS_MAX, type SignAllRequest, type SignItem } from '../../wire/sign-items.ts'
import { HEADER_MAX_LENGTH } from '../../wire/round-body.ts'
import { assertFunction, assertObject, walletIdArgument } from '../arguments.ts'
import type { ReportedOptions } from '../types.ts'
import { statementOf, type SignItemParameters, type Statement } from './sign-parameters.ts'

/** Parameters of {@link signAll}. */
export interface SignAllParameters<
  Items extends readonly SignItemParameters[] = readonly SignItemParameters[],
> extends ReportedOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /**
   * What is signed, 1 to 64 items: parameters of {@link sign} without the wallet and the options. All of them, encoded, must
   * fit into 256 KiB, in which bytes take two each; an intent that several items have is counted once.
   */
  readonly items: Items
}

/** Several signatures, as encoded in the request. */
export interface Batch extends Pick<SignAllRequest, 'items' | 'intents'> {
  /** The index in the parameters of each item. */
  readonly order: readonly number[]
}

/** Room for the other fields of a header. */
const FIELDS_LENGTH = 1024 + 64 * SIGN_ITEMS_MAX

/** @throws {TypeError | RangeError} if a parameter is wrong, or there are too many items or bytes */
export function readBatch(options: SignAllParameters): Batch {
  const { walletId, items, onProgress } = assertObject(options, 'signAll')
  walletIdArgument(walletId)
  assertFunction(onProgress, 'onProgress')
  if (!Array.isArray(items)) throw new TypeError('items must be a list')
  if (items.length === 0 || items.length > SIGN_ITEMS_MAX) {
    throw new RangeError(`items must be 1 to ${SIGN_ITEMS_MAX}, got ${items.length}`)
  }
  const statements = Array.from(items as readonly SignItemParameters[], (item) =>
    statementOf(assertObject(item, 'an item')),
  )
  // Those of ECDSA come first.
  const isFrost = (index: number) => Number(statements[index]!.scheme !== 'ecdsa')
  const order = [...statements.keys()].sort((a, b) => isFrost(a) - isFrost(b) || a - b)
  const intents: string[] = []
  const batch = { items: order.map((index) => itemOf(statements[index]!, intents)), order }
  const { length } = JSON.stringify([batch.items, intents])
  if (length + FIELDS_LENGTH > HEADER_MAX_LENGTH) {
    throw new RangeError(`items are too long: ${length} bytes of at most ${HEADER_MAX_LENGTH - FIELDS_LENGTH}`)
  }
  return intents.length === 0 ? batch : { ...batch, intents }
}

/** An item with its intent as an index. @param intents the intents so far, to which its own is added unless it is there */
function itemOf({ intent, ...signed }: Statement, intents: string[]): SignItem {
  if (intent === undefined) return signed
  const [, head, input, data] = BITCOIN.exec(intent) ?? []
  const shared = head === undefined ? intent : `${head}00000000${data}`
  let index = intents.indexOf(shared)
  if (index < 0) index = intents.push(shared) - 1
  return { ...signed, intent: index, ...(input !== undefined && { input: Number.parseInt(input, 16) }) }
}

/** An encoded intent of a Bitcoin transaction: version and kind, input, PSBT. */
const BITCOIN = /^(0105)([0-9a-f]{8})([0-9a-f]*)$/
