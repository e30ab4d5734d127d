import * as v from 'valibot'
import type { SignRequest } from '../../wire/operations.ts'
import type { SignItem } from '../../wire/sign-items.ts'
import { requestDigest } from '../../wire/signing.ts'
import { MpcError } from '../../errors.ts'
import { fromHex } from '../../util/bytes.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { ServerContext, ServerLimits } from '../context.ts'
import { takePreprocessings } from '../sets/preprocessings.ts'
import { signEcdsaRound } from './ecdsa/signature.ts'
import type { ServerOperation } from './operation.ts'
import type { RoundInput, RoundOutput } from './round.ts'
import { hex, intent, message, path, setId, slowClient, walletId } from './schemas.ts'
import { signFrostRound } from './sign-frost.ts'
import { requireSource } from './source.ts'

export const tapTweak = v.pipe(
  v.nullable(v.union([v.literal(''), hex(32)])),
  v.description('Null: the key as it is. Empty: a key without scripts. Else the merkle root.'),
)

/** What an ECDSA signature is made with. */
export const source = v.pipe(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('setup') }),
    v.strictObject({ kind: v.literal('ephemeralSetup'), slowClient }),
    v.strictObject({ kind: v.literal('preprocessing'), id: hex(32) }),
  ]),
  v.description("The set's own setup, a setup for this signature only, or a preprocessing."),
)

/** Signs with FROST or threshold ECDSA, the latter with a setup, an ephemeral setup or a preprocessing. */
export const signOperation: ServerOperation<SignRequest> = {
  schema: signSchema,
  policyFields: signatureFields,
  checkStart: async ({ onCheating }, _, request) => {
    if (onCheating === 'ephemeralSetup' || request.scheme !== 'ecdsa') return
    if (request.source.kind !== 'ephemeralSetup') return
    throw new MpcError('POLICY_DENIED', 'this server signs with the setup of the set only')
  },
  failuresCountAgainst: [],
  keepsDecision: false,
  inTransaction: (request) => request.scheme === 'ecdsa' && request.source.kind !== 'ephemeralSetup',
  consume: async (context, input) => {
    const { clientId, epoch, request } = input
    if (request.scheme !== 'ecdsa' || request.source.kind !== 'preprocessing') return undefined
    // A set that has ended has no preprocessings: the client is told which of the two it is.
    await requireSource(context, context.database, input, request)
    return takePreprocessings(context, { clientId, setId: request.setId, ids: [request.source.id] }, epoch)
  },
  handle,
}

/** One for each scheme; for ECDSA, one with a hash and one without. */
export function signSchema(limits: ServerLimits) {
  const fields = { kind: v.literal('sign'), walletId, setId, message: message(limits), intent, path }
  const ecdsa = { ...fields, scheme: v.literal('ecdsa'), source }
  return v.variant('scheme', [
    v.strictObject({ ...fields, scheme: v.literal('ed25519') }),
    v.strictObject({ ...fields, scheme: v.literal('bip340'), tapTweak }),
    v.variant('hash', [
      v.strictObject({ ...ecdsa, hash: v.picklist(['sha256', 'sha256d', 'keccak256']) }),
      // Without a hash, the message is the digest.
      v.strictObject({ ...ecdsa, hash: v.null(), message: hex(32) }),
    ]),
  ])
}

/** What the policy is told of a signature, besides its intent. */
export function signatureFields(signed: SignRequest | SignItem) {
  const { scheme, path } = signed
  const message = fromHex(signed.message)
  switch (scheme) {
    case 'ed25519':
      return { message, scheme, path }
    case 'bip340':
      return { message, scheme, path, tapTweak: signed.tapTweak }
    case 'ecdsa':
      return { message, scheme, path, hash: signed.hash, digest: requestDigest(signed) }
  }
}

async function handle(context: ServerContext, input: RoundInput<SignRequest>, tx?: Queryable): Promise<RoundOutput> {
  const { request } = input
  if (request.scheme === 'ecdsa') return signEcdsaRound(context, { ...input, request }, tx)
  return signFrostRound(context, { ...input, request })
}
