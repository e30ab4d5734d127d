import type { ServerContext } from '../context.ts'
import { preprocessRound } from '../operations/ecdsa/preprocess.ts'
import { signEcdsaRound } from '../operations/ecdsa/signature.ts'
import { setupRound } from '../operations/ecdsa/setup.ts'
import { exportRound } from '../operations/export.ts'
import { makeSetsRound } from '../operations/make-sets/make-sets.ts'
import { proveRound } from '../operations/prove.ts'
import { signFrostRound } from '../operations/sign-frost.ts'
import type { RoundOutput, RoundInTransaction, RoundInput } from '../operations/round.ts'

/** Runs a round with the handler of its operation. */
export async function dispatch(context: ServerContext, turn: RoundInput): Promise<RoundOutput | RoundInTransaction> {
  const { request } = turn
  switch (request.kind) {
    case 'sign':
      if (request.scheme === 'ecdsa') return signEcdsaRound(context, { ...turn, request })
      return signFrostRound(context, { ...turn, request })
    case 'setup':
      return setupRound(context, { ...turn, request })
    case 'preprocess':
      return preprocessRound(context, { ...turn, request })
    case 'export':
      return exportRound(context, { ...turn, request })
    case 'prove':
      return proveRound(context, { ...turn, request })
    default:
      return makeSetsRound(context, { ...turn, request })
  }
}
