import { operationRounds } from '../../wire/operation-definitions.ts'
import type { OperationId } from '../../wire/operations.ts'
import { itemBindings } from '../../wire/sign-all.ts'
import { isEcdsaItem, type SignAllRequest, type SignItem } from '../../wire/sign-items.ts'
import type { EcdsaResult } from '../../protocol/ecdsa/signing/signing-machine.ts'
import type { SigningResult } from '../../protocol/frost/session.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { newOperationId, runOperation, type StepGuard } from '../operations/run-operation.ts'
import { verifyUsedSet } from '../operations/verify-result.ts'
import type { ItemSession, ReportedCall, SignBatch, Signature } from '../types.ts'
import { openSchnorr } from './sign-schnorr.ts'

type AnyItemSession = ItemSession<SigningResult> | ItemSession<EcdsaResult>

/** Opens the session of an item, bound to its batch. */
type OpenItem = (item: SignItem, bound: { readonly intent: Uint8Array }, index: number) => AnyItemSession

/** Makes several signatures with these shares; the sessions of ECDSA are opened by others. */
export function batchSigner(call: ReportedCall, shares: WalletShares): SignBatch {
  return (request, openEcdsa, guard) => {
    const open: OpenItem = (item, bound, i) =>
      isEcdsaItem(item) ? openEcdsa(item, bound, i) : openSchnorr(call.client, shares, item, bound)
    return signBatch(call, request, open, guard)
  }
}

/** Makes several signatures by FROST. */
export function signAllSchnorr(
  call: ReportedCall,
  shares: WalletShares,
  request: SignAllRequest,
): Promise<readonly Signature[]> {
  return signBatch(call, request, (item, bound) => {
    if (isEcdsaItem(item)) throw new TypeError('an item of ECDSA needs a client with ECDSA')
    return openSchnorr(call.client, shares, item, bound)
  })
}

async function signBatch(
  { client, deadline, progress }: ReportedCall,
  request: SignAllRequest,
  open: OpenItem,
  guard?: StepGuard,
): Promise<readonly Signature[]> {
  const operationId = newOperationId(client)
  const opened = openAll(operationId, request, open)
  const rounds = operationRounds(request)
  const { result, results } = await runOperation<unknown>(client, deadline, {
    operationId,
    request,
    sessions: opened.map(({ session }) => session),
    hooks: { onRound: (round) => progress.within((round - 1) / rounds), ...(guard && { guard }) },
  })
  const signatures = opened.map(({ finish }, i) => finish(results[i] as never))
  verifyUsedSet(result, request.setId)
  return signatures
}

/** Opens the sessions of all items. If one cannot be opened, those before it are disposed of. */
function openAll(operationId: OperationId, request: SignAllRequest, open: OpenItem): readonly AnyItemSession[] {
  const bindings = itemBindings(operationId, request)
  const opened: AnyItemSession[] = []
  try {
    for (const [i, item] of request.items.entries()) opened.push(open(item, { intent: bindings[i]! }, i))
    return opened
  } catch (error) {
    for (const { session } of opened) session.dispose()
    throw error
  }
}
