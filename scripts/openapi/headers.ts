import * as v from 'valibot'
import { DEFAULT_LIMITS } from '../../src/server/context.ts'
import { definitionOf, OPERATION_KINDS } from '../../src/server/operations/definitions.ts'
import { openingProof } from '../../src/server/operations/schemas.ts'
import { signSchema } from '../../src/server/operations/sign.ts'
import { operationRounds, WIRE_OPERATIONS } from '../../src/wire/operation-definitions.ts'
import type { OperationKind, OperationRequest } from '../../src/wire/operations.ts'
import * as example from './examples.ts'
import type { Schema } from './schemas.ts'

// The headers of first rounds, from the schemas that the server checks them with.

type StrictObject = v.StrictObjectSchema<v.ObjectEntries, undefined>

/** What each kind does, and the fields of an example besides its ids. */
const KINDS: Readonly<Record<Exclude<OperationKind, 'sign'>, { readonly does: string; readonly example: object }>> = {
  generate: { does: 'Makes a wallet and its first signing set, ACTIVE.', example: { label: 'phone' } },
  import: {
    does: 'Makes a wallet with a key that the client has, and its first signing set, ACTIVE.',
    example: {
      label: 'phone',
      keys: { secp256k1: { publicKey: example.PUBLIC_KEYS.secp256k1, chainCode: null }, ed25519: null },
      withoutSetup: true,
    },
  },
  backup: {
    does: '`setId` is a signing set. The new backup set is PREPARED until it is confirmed.',
    example: { backupMethod: 'PASSWORD' },
  },
  recover: {
    does: '`setId` is a backup set. The new signing set is ACTIVE, or PREPARED for a dry run.',
    example: {
      setId: example.BACKUP_SET_ID,
      label: 'laptop',
      existingSets: 'keep',
      rotateBackup: null,
      dryRun: false,
    },
  },
  refresh: {
    does: '`setId` is a signing set. The new one is ACTIVE.',
    example: { label: 'phone', slowClient: true },
  },
  join: {
    does: 'Makes a signing set for another device. Rounds 1 and 3 by the device that has the set, 2 and 4 by the joining device.',
    example: { label: 'tablet', joiningDeviceId: example.DEVICE_ID },
  },
  prove: { does: "Proves possession of the client's share. The result has `retired`.", example: {} },
  export: {
    does: "Hands the server's share of one curve to the client, sealed to `receiver`.",
    example: { curve: 'ed25519', authorization: '492039', receiver: example.RECEIVER },
  },
  setup: { does: 'Makes a new ECDSA setup for a set.', example: {} },
  preprocess: { does: 'Makes one ECDSA preprocessing.', example: {} },
  signAll: {
    does: 'Makes up to 64 signatures, all or none. With ECDSA items and no `preprocessings`, a second round. Here',
    example: {
      items: [
        { scheme: 'ecdsa', message: example.DIGEST, hash: null, path: 'm/0/5' },
        { scheme: 'bip340', message: example.DIGEST, path: 'm/0/6', tapTweak: '' },
      ],
    },
  },
}

const SIGNING = { message: '68656c6c6f', path: 'm' }

/** In the order of the variants of the schema. */
const SIGNATURES: readonly (readonly [name: string, does: string, example: object])[] = [
  ['SignEd25519Header', 'A FROST signature on ed25519.', { ...SIGNING, scheme: 'ed25519' }],
  [
    'SignBip340Header',
    'A FROST signature on secp256k1 (BIP 340).',
    { ...SIGNING, path: 'm/0/5', scheme: 'bip340', tapTweak: '' },
  ],
  [
    'SignEcdsaHeader',
    'An ECDSA signature of a message. Rounds by source: 2 with `setup`, 4 with `ephemeralSetup`, 1 with `preprocessing`.',
    { ...SIGNING, scheme: 'ecdsa', hash: 'keccak256', source: { kind: 'ephemeralSetup', slowClient: true } },
  ],
  [
    'SignEcdsaDigestHeader',
    'An ECDSA signature of a digest. Rounds by source, as for a message.',
    { ...SIGNING, message: example.DIGEST, scheme: 'ecdsa', hash: null, source: { kind: 'setup' } },
  ],
]

/** The schema of each header by its name in the document. */
export function headerSchemas(): Readonly<Record<string, Schema>> {
  const headers = OPERATION_KINDS.flatMap((kind) => (kind === 'sign' ? signHeaders() : [headerOf(kind)]))
  return Object.fromEntries(headers)
}

function headerOf(kind: Exclude<OperationKind, 'sign'>): readonly [string, Schema] {
  const { does, example: fields } = KINDS[kind]
  const { entries } = definitionOf({ kind }).schema(DEFAULT_LIMITS) as unknown as StrictObject
  const { isProven, source } = WIRE_OPERATIONS[kind]
  const request = {
    kind,
    walletId: example.WALLET_ID,
    ...(source !== null && { setId: example.SET_ID }),
    ...fields,
    ...(isProven && { proof: example.OPENING_PROOF }),
  }
  const rounds = operationRounds(request as unknown as OperationRequest)
  const all: v.ObjectEntries = isProven ? { ...entries, proof: openingProof } : entries
  const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}Header`
  return [name, v.pipe(v.strictObject(all), v.description(`${does} ${rounds} rounds.`), v.examples([request]))]
}

function signHeaders(): readonly (readonly [string, Schema])[] {
  const { options } = signSchema(DEFAULT_LIMITS)
  const schemas = options.flatMap((option): StrictObject[] =>
    option.type === 'variant' ? [...option.options] : [option],
  )
  if (schemas.length !== SIGNATURES.length) throw new Error('a kind of signature has no text')
  return schemas.map((schema, i) => {
    const [name, does, fields] = SIGNATURES[i] as (typeof SIGNATURES)[number]
    const request = { kind: 'sign', walletId: example.WALLET_ID, setId: example.SET_ID, ...fields }
    if (!v.is(schema, request)) throw new Error(`the example of ${name} is of another scheme`)
    return [name, v.pipe(schema, v.description(does), v.examples([request]))] as const
  })
}
