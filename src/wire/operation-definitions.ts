import { CURVES, type Curve, type Purpose } from '../types.ts'
import type {
  GenerateRequest,
  ImportRequest,
  OperationKind,
  OperationRequest,
  RecoverRequest,
  RefreshRequest,
  RequestOf,
  SignatureSource,
  SignRequest,
} from './operations.ts'
import { ecdsaItems, type SignAllRequest } from './sign-items.ts'

/** One session of an operation; its index in {@link operationSessions} is the `sessionIndex` of its messages. */
export interface SessionSpec {
  /** The purpose of the set that the session makes, or of the one that it uses (sign, prove). */
  readonly target: Purpose
  readonly curve: Curve
  /** What the session does: make a share of the set, make its ECDSA setup, or use an existing set. */
  readonly brings: 'share' | 'setup' | 'use'
  /** Whether it starts in the last round of the operation. Default: in the first. */
  readonly startsLast?: true
}

/** What client and server have to know alike of one kind of operation. */
interface WireOperation<Request> {
  /** The purpose of the set that it uses, which its request names as `setId`; null if it names none. */
  readonly source: Purpose | null
  /** Whether its first round carries a proof that the client holds its share of the named set (`opening-proof.ts`). */
  readonly isProven: boolean
  /**
   * Whether a set with a scope or an expiry cannot be its source: it would make sets or keys that these do not limit.
   * Default: it can.
   */
  readonly refusesLimited?: true
  /** The rounds (request/response pairs) that it takes. */
  readonly rounds: (request: Request) => number
  readonly sessions: (request: Request) => readonly SessionSpec[]
}

const SETUP: SessionSpec = { target: 'signing', curve: 'secp256k1', brings: 'setup' }

const using = (curve: Curve): SessionSpec => ({ target: 'signing', curve, brings: 'use' })

const making = (target: Purpose) => CURVES.map((curve): SessionSpec => ({ target, curve, brings: 'share' }))

const ECDSA_ROUNDS: Readonly<Record<SignatureSource['kind'], number>> = {
  setup: 2,
  ephemeralSetup: 4,
  preprocessing: 1,
}

/**
 * Every kind of operation, for both sides. `src/server/operations/definitions.ts` has what only the server has to know.
 *
 * The sessions of an operation run side by side, in the order in which client and server number them: the target sets
 * (signing before backup), within each the curves in the order of `CURVES`, and last the ECDSA setup of the signing set,
 * unless the request is `withoutSetup`.
 */
export const WIRE_OPERATIONS = {
  generate: { source: null, isProven: false, rounds: () => 2, sessions: makingSigningSet },
  import: { source: null, isProven: false, rounds: () => 2, sessions: makingSigningSet },
  backup: {
    source: 'signing',
    isProven: true,
    refusesLimited: true,
    rounds: () => 3,
    sessions: () => making('backup'),
  },
  recover: { source: 'backup', isProven: true, rounds: () => 3, sessions: recoverySessions },
  refresh: { source: 'signing', isProven: true, rounds: () => 3, sessions: makingSigningSet },
  join: {
    source: 'signing',
    isProven: true,
    refusesLimited: true,
    rounds: () => 4,
    sessions: () => making('signing'),
  },
  // A signature with its own setup runs both with sessionIndex 0, one after the other.
  sign: {
    source: 'signing',
    isProven: false,
    rounds: signatureRounds,
    sessions: ({ scheme }) => [using(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')],
  },
  // The signature shares leave the server in the last round, so that those of FROST are made in it, too.
  signAll: { source: 'signing', isProven: false, rounds: batchRounds, sessions: batchSessions },
  prove: { source: 'signing', isProven: true, rounds: () => 2, sessions: () => CURVES.map(using) },
  export: {
    source: 'signing',
    isProven: true,
    refusesLimited: true,
    rounds: () => 2,
    sessions: ({ curve }) => [using(curve)],
  },
  setup: { source: 'signing', isProven: false, rounds: () => 2, sessions: () => [SETUP] },
  preprocess: { source: 'signing', isProven: false, rounds: () => 2, sessions: () => [using('secp256k1')] },
} satisfies { readonly [Kind in OperationKind]: WireOperation<RequestOf<Kind>> }

function makingSigningSet({ withoutSetup }: GenerateRequest | ImportRequest | RefreshRequest): readonly SessionSpec[] {
  return withoutSetup ? making('signing') : [...making('signing'), SETUP]
}

function recoverySessions({ rotateBackup, dryRun, withoutSetup }: RecoverRequest): readonly SessionSpec[] {
  const shares = [...making('signing'), ...(rotateBackup === null ? [] : making('backup'))]
  // The set of a dry run is never used, so it needs no setup.
  return dryRun || withoutSetup ? shares : [...shares, SETUP]
}

function signatureRounds(request: SignRequest): number {
  return request.scheme === 'ecdsa' ? ECDSA_ROUNDS[request.source.kind] : 1
}

function batchRounds(request: SignAllRequest): number {
  const needsSetup = ecdsaItems(request).length > 0 && request.preprocessings === undefined
  return ECDSA_ROUNDS[needsSetup ? 'setup' : 'preprocessing']
}

function batchSessions({ items }: SignAllRequest): readonly SessionSpec[] {
  return items.map(({ scheme }) => {
    const session = using(scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
    return scheme === 'ecdsa' ? session : { ...session, startsLast: true }
  })
}

/** The operations that only a holder of the client's share of the named set can start. */
export type ProvenRequest = RequestOf<
  { [Kind in OperationKind]: (typeof WIRE_OPERATIONS)[Kind]['isProven'] extends true ? Kind : never }[OperationKind]
>

export function isProven(request: OperationRequest): request is ProvenRequest {
  return WIRE_OPERATIONS[request.kind].isProven
}

/** Whether a set with a scope or an expiry cannot be the source of an operation. */
export function refusesLimited(request: OperationRequest): boolean {
  return definitionOf(request).refusesLimited === true
}

/** The rounds (request/response pairs) that an operation takes. */
export function operationRounds(request: OperationRequest): number {
  return definitionOf(request).rounds(request)
}

/** The sessions that an operation runs side by side; an index in this list is a `sessionIndex`. */
export function operationSessions(request: OperationRequest): readonly SessionSpec[] {
  return definitionOf(request).sessions(request)
}

/** The entry of a kind takes requests of that kind. */
function definitionOf<Request extends OperationRequest>({ kind }: Request): WireOperation<Request> {
  return WIRE_OPERATIONS[kind] as WireOperation<Request>
}
