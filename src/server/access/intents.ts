import { MpcError } from '../../errors.ts'
import { getGroup } from '../../curve/index.ts'
import { decodeWalletSetRecord, type ShareSetRecord } from '../../key-share/index.ts'
import type { DecodedIntent, IntentDecoder, PolicyIntent, RawIntent } from '../../policy/types.ts'
import { errorMessage, errorName } from '../../util/brand.ts'
import { equalBytes, fromHex } from '../../util/bytes.ts'
import { INTENT_KINDS, decodeIntent, intentKind, type Intent, type IntentKind } from '../../wire/intent.ts'
import type { SignRequest } from '../../wire/operations.ts'
import { itemIntents } from '../../wire/sign-all.ts'
import type { SignAllRequest, SignItem } from '../../wire/sign-items.ts'
import { publicKeyAtPath, requestDigest } from '../../wire/signing.ts'

/** What a server does with intents. */
export interface IntentRules {
  /** The decoder of each kind that the server understands. */
  readonly decoders: ReadonlyMap<IntentKind, IntentDecoder>
  /** Whether only what was decoded is signed. */
  readonly required: boolean
}

const RAW: RawIntent = Object.freeze({ kind: 'raw', verified: false })

/** Whether a request has an intent that the server decodes: chains' libraries parse it. */
export function hasDecoded({ decoders }: IntentRules, request: SignRequest | SignAllRequest): boolean {
  const { kind } = request
  const intents = kind === 'signAll' ? request.intents : request.intent === undefined ? undefined : [request.intent]
  const isDecoded = (kind: IntentKind | undefined) => kind !== undefined && decoders.has(kind)
  return intents?.some((intent) => isDecoded(intentKind(intent))) ?? false
}

/** @throws {TypeError} if the options are wrong, or fit no signature */
export function readIntentRules(intents: readonly IntentDecoder[] = [], required = false): IntentRules {
  if (!Array.isArray(intents)) throw new TypeError('intents must be a list')
  if (typeof required !== 'boolean') throw new TypeError('requireIntent must be true or false')
  const decoders = new Map<IntentKind, IntentDecoder>()
  for (const decoder of intents as readonly (IntentDecoder | null | undefined)[]) {
    const kinds: unknown = decoder?.kinds
    if (!Array.isArray(kinds) || typeof decoder?.decode !== 'function') {
      throw new TypeError('each of intents must have kinds and decode')
    }
    for (const kind of kinds as readonly IntentKind[]) {
      if (!INTENT_KINDS.includes(kind)) throw new TypeError(`intents: unknown kind ${kind}`)
      if (decoders.has(kind)) throw new TypeError(`intents: ${kind} is decoded twice`)
      decoders.set(kind, decoder)
    }
  }
  if (required && decoders.size === 0) throw new TypeError('requireIntent needs intents: nothing could be signed')
  return { decoders, required }
}

/**
 * Decodes the intent of a request, and checks that it is what would be signed.
 *
 * @param set the set that signs, encoded by `encodeWalletSetRecord`
 * @returns `raw` if the request has none, or one of a kind that this server does not decode
 * @throws {INTENT_REQUIRED} for `raw` if the server requires an intent
 * @throws {INTENT_MISMATCH} if the intent is not valid, or another message is signed than it describes
 */
export function verifyIntent(rules: IntentRules, request: SignRequest, set: SignerRecord): PolicyIntent {
  const intent = request.intent === undefined ? undefined : decodeIntent(fromHex(request.intent))
  return verify(rules, request, intent, set)
}

/**
 * {@link verifyIntent} of every item of a request. Those of the same intent are verified one after the other, because a decoder
 * may keep what it has parsed last.
 *
 * @returns what the items are of, in their order
 */
export function verifyIntents(rules: IntentRules, request: SignAllRequest, set: SignerRecord): readonly PolicyIntent[] {
  const intents = itemIntents(request)
  const verified = new Map<SignItem, PolicyIntent>()
  const byIntent = [...request.items.entries()].sort(([, a], [, b]) => (a.intent ?? -1) - (b.intent ?? -1))
  for (const [i, item] of byIntent) verified.set(item, verify(rules, item, intents[i], set))
  return request.items.map((item) => verified.get(item)!)
}

/** The record of the set that signs, encoded by `encodeWalletSetRecord`. */
interface SignerRecord {
  readonly record: Uint8Array
}

function verify(
  { decoders, required }: IntentRules,
  request: SignRequest | SignItem,
  intent: Intent | undefined,
  set: SignerRecord,
): PolicyIntent {
  const decoder = intent && decoders.get(intent.kind)
  if (intent === undefined || decoder === undefined) {
    if (required) throw new MpcError('INTENT_REQUIRED', whyRequired(intent))
    return RAW
  }
  const { scheme } = request
  const message = scheme === 'ecdsa' ? requestDigest(request) : fromHex(request.message)
  const decoded = decode(decoder, intent, { scheme, message, publicKey: keyOf(request, set) })
  if (decoded.scheme === scheme && equalBytes(decoded.message, message)) return decoded.intent
  throw new MpcError('INTENT_MISMATCH', `the ${intent.kind} is not what would be signed`)
}

function whyRequired(intent: Intent | undefined): string {
  return intent === undefined ? 'this server signs only with an intent' : `this server does not check ${intent.kind}`
}

function decode(decoder: IntentDecoder, ...asked: Parameters<IntentDecoder['decode']>): DecodedIntent {
  try {
    return decoder.decode(...asked)
  } catch (cause) {
    const [{ kind }] = asked
    const why = errorName(cause) === 'RangeError' ? `: ${errorMessage(cause)?.slice(0, 200)}` : ''
    throw new MpcError('INTENT_MISMATCH', `the ${kind} is not valid${why}`, { cause })
  }
}

function keyOf({ scheme, path }: SignRequest | SignItem, { record }: SignerRecord): Uint8Array {
  const curve = scheme === 'ed25519' ? 'ed25519' : 'secp256k1'
  const { records } = decodeWalletSetRecord(getGroup, record)
  return publicKeyAtPath(getGroup(curve), records.find((one) => one.curve === curve) as ShareSetRecord, path)
}
