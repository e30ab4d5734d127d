import type { MessageHash, SignatureScheme } from '../index.ts'
import { INTENT_MAX_LENGTH } from '../wire/intent-length.ts'
import { type IntentData, ITEMS_MAX, type SignAllData, type SignData, type SignItemData } from './action-data.ts'
import { list, markedBytes, name as named, object, optional, type Shape, whole } from './shape.ts'

const MESSAGE_MAX_LENGTH = 64 * 1024

const intentFields = {
  kind: named<IntentData['kind']>(40),
  data: optional(markedBytes(INTENT_MAX_LENGTH)),
  input: optional(whole(0, 2 ** 32 - 1)),
  addressType: optional(named<NonNullable<IntentData['addressType']>>(20)),
}

const itemFields = {
  scheme: named<SignatureScheme>(20),
  path: optional(named(256)),
  message: optional(markedBytes(MESSAGE_MAX_LENGTH)),
  digest: optional(markedBytes(MESSAGE_MAX_LENGTH)),
  hash: optional(named<MessageHash>(20)),
  tapTweak: optional(markedBytes(MESSAGE_MAX_LENGTH)),
}

const walletId = named(128)

const signFields = object<SignData>({ walletId, ...itemFields, intent: optional(object<IntentData>(intentFields)) })

/** What is signed, and nothing that the scheme ignores: an approval shows all of it. */
export const signData: Shape<SignData> = (value, name, reading) => {
  const made = signFields(value, name, reading)
  requireOfScheme(made, name)
  return made
}

function requireOfScheme({ scheme, message, digest, hash, tapTweak }: SignItemData, name: string): void {
  const isOfOther = scheme === 'ecdsa' ? tapTweak !== undefined : digest !== undefined || hash !== undefined
  const isExtra = scheme === 'ed25519' && tapTweak !== undefined
  const isTwice = digest !== undefined && (message !== undefined || hash !== undefined)
  if (isOfOther || isExtra || isTwice) throw new TypeError(`${name} has fields that the scheme does not use`)
}

/** Parameters of `signAll` as they cross: the data of intents once, and in each intent its index. */
interface CrossingBatch {
  readonly walletId: string
  readonly data: readonly Uint8Array[]
  readonly items: readonly CrossingItem[]
}

type CrossingItem = Omit<SignItemData, 'intent'> & {
  readonly intent?: Omit<IntentData, 'data'> & { readonly data?: number }
}

const crossing = object<CrossingBatch>({
  walletId,
  data: list(markedBytes(INTENT_MAX_LENGTH), ITEMS_MAX),
  items: list(
    object<CrossingItem>({
      ...itemFields,
      intent: optional(
        object<NonNullable<CrossingItem['intent']>>({ ...intentFields, data: optional(whole(0, ITEMS_MAX - 1)) }),
      ),
    }),
    ITEMS_MAX,
  ),
})

/** What is signed, as {@link signData} has it of each item. */
export const signAllData: Shape<SignAllData> = (value, name, reading) => {
  const made = read(crossing(value, name, reading), name)
  for (const item of made.items) requireOfScheme(item, name)
  return made
}

function read({ walletId, data, items }: CrossingBatch, name: string): SignAllData {
  const madeItems = items.map(({ intent, ...item }): SignItemData => {
    if (intent === undefined) return item
    const { data: at, ...about } = intent
    if (at === undefined) return { ...item, intent: about }
    const bytes = data[at]
    if (bytes === undefined) throw new RangeError(`${name} lacks the data of an intent`)
    return { ...item, intent: { ...about, data: bytes } }
  })
  return { walletId, items: madeItems }
}
