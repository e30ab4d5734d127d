import * as v from 'valibot'
import { intentKind, type IntentKind } from '../../wire/intent.ts'
import { itemBindings } from '../../wire/sign-all.ts'
import { ecdsaItems, isEcdsaItem, SIGN_ITEMS_MAX, type SignAllRequest, type SignItem } from '../../wire/sign-items.ts'
import { wipeKeyShare } from '../../key-share/index.ts'
import type { SigningResult } from '../../protocol/frost/session.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { ServerContext, ServerLimits } from '../context.ts'
import { takePreprocessings } from '../sets/preprocessings.ts'
import { signatureCompletion } from './completions.ts'
import type { EcdsaRound } from './ecdsa/advance.ts'
import { withPreprocessings, withStoredOtState } from './ecdsa/stored-ot-state.ts'
import type { ServerOperation } from './operation.ts'
import { requireTransaction, type RoundInput, type RoundOutput } from './round.ts'
import { encodedIntent, hex, message, path, setId, walletId } from './schemas.ts'
import { advanceSessions } from './sessions.ts'
import { openFrost } from './sign-frost.ts'
import { signatureFields, tapTweak } from './sign.ts'
import { openSourceShare, requireSource, sourceOf } from './source.ts'

/** Makes several signatures, all or none. The policy judges all of them at once, and each counts as a signature. */
export const signAllOperation: ServerOperation<SignAllRequest> = {
  schema: signAllSchema,
  policyFields: ({ items }) => ({ items: items.map(signatureFields) }),
  countsAs: ({ items }) => ({ kind: 'sign', count: items.length }),
  failuresCountAgainst: [],
  keepsDecision: false,
  inTransaction: (request) => ecdsaItems(request).length > 0,
  consume: async (context, input) => {
    const { clientId, epoch, request } = input
    if (request.preprocessings === undefined) return undefined
    // A set that has ended has no preprocessings: the client is told which of the two it is.
    await requireSource(context, context.database, input, request)
    return takePreprocessings(context, { clientId, setId: request.setId, ids: request.preprocessings }, epoch)
  },
  handle,
}

const index = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(most))

/** Items by scheme, what they are of, and the preprocessings that they use. */
export function signAllSchema(limits: ServerLimits) {
  const fields = {
    message: message(limits),
    path,
    intent: v.optional(v.pipe(index(SIGN_ITEMS_MAX - 1), v.description('The index of what it is of, in `intents`.'))),
    input: v.optional(v.pipe(index(2 ** 32 - 1), v.description('The input that is signed, of a Bitcoin transaction.'))),
  }
  const ecdsa = { ...fields, scheme: v.literal('ecdsa') }
  const item = v.variant('scheme', [
    v.strictObject({ ...fields, scheme: v.literal('ed25519') }),
    v.strictObject({ ...fields, scheme: v.literal('bip340'), tapTweak }),
    v.variant('hash', [
      v.strictObject({ ...ecdsa, hash: v.picklist(['sha256', 'sha256d', 'keccak256']) }),
      // Without a hash, the message is the digest.
      v.strictObject({ ...ecdsa, hash: v.null(), message: hex(32) }),
    ]),
  ])
  const list = <T extends v.GenericSchema>(of: T) => v.pipe(v.array(of), v.minLength(1), v.maxLength(SIGN_ITEMS_MAX))
  return v.pipe(
    v.strictObject({
      kind: v.literal('signAll'),
      walletId,
      setId,
      items: v.pipe(list(item), v.description('Those of ECDSA come first.')),
      intents: v.optional(v.pipe(list(encodedIntent), v.description('Each is named by an item.'))),
      preprocessings: v.optional(v.pipe(list(hex(32)), v.description('One for each item of ECDSA, in their order.'))),
    }),
    v.check((request) => isConsistent(request)),
  )
}

/** The lists of a request. */
interface Lists {
  items: SignItem[]
  intents?: string[] | undefined
  preprocessings?: string[] | undefined
}

function isConsistent({ items, intents = [], preprocessings }: Lists): boolean {
  // Once each, however many items are of it.
  const kinds = intents.map(intentKind)
  const ecdsa = items.filter(isEcdsaItem).length
  return (
    items.slice(0, ecdsa).every(isEcdsaItem) &&
    (preprocessings === undefined || (preprocessings.length === ecdsa && new Set(preprocessings).size === ecdsa)) &&
    intents.every((_, at) => items.some(({ intent }) => intent === at)) &&
    items.every((item) => namesInput(item, kinds))
  )
}

/** An input belongs to the intent of a Bitcoin transaction, and such an intent needs one. */
function namesInput({ intent, input }: SignItem, kinds: readonly (IntentKind | undefined)[]): boolean {
  if (intent === undefined) return input === undefined
  const kind = kinds[intent]
  return kind !== undefined && (kind === 'bitcoinTransaction') === (input !== undefined)
}

async function handle(
  context: ServerContext,
  input: RoundInput<SignAllRequest>,
  transaction?: Queryable,
): Promise<RoundOutput> {
  const { request } = input
  if (ecdsaItems(request).length === 0) return signByFrost(context, input)
  const tx = requireTransaction(transaction)
  const toOutput = ({ messages, state }: EcdsaRound): RoundOutput =>
    state === undefined ? { messages, completion: signatureCompletion(context, input) } : { messages, state }
  if (request.preprocessings === undefined) return withStoredOtState(context, tx, input, toOutput)
  return withPreprocessings(context, tx, { ...input, preprocessingIds: request.preprocessings }, toOutput)
}

/** Signs with FROST alone. The shares are sent only if the set is still ACTIVE when its use is recorded. */
async function signByFrost(context: ServerContext, input: RoundInput<SignAllRequest>): Promise<RoundOutput> {
  await sourceOf(context, input)
  const { operationId, request, messages } = input
  const serverShare = openSourceShare(context, input)
  const sessions: Session<SigningResult>[] = []
  try {
    const bindings = itemBindings(operationId, request)
    for (const [i, item] of request.items.entries()) {
      if (!isEcdsaItem(item)) sessions.push(openFrost(context, serverShare, item, { intent: bindings[i]! }))
    }
    const advanced = advanceSessions(sessions, messages, true)
    return { messages: advanced.messages, completion: signatureCompletion(context, input) }
  } finally {
    for (const session of sessions) session.dispose()
    serverShare.shares.forEach(wipeKeyShare)
  }
}
