import { ecdsaItems, type SignAllRequest, type SignEcdsaItem } from '../../wire/sign-items.ts'
import { isMpcError, ProtocolError } from '../../errors.ts'
import type { OtState } from '../../protocol/ecdsa/ot/ot-state.ts'
import { createCompletion } from '../../protocol/ecdsa/signing/preprocess.ts'
import type { Preprocessed } from '../../protocol/ecdsa/signing/preprocessed.ts'
import { createEcdsaSigning } from '../../protocol/ecdsa/signing/sign.ts'
import type { EcdsaResult } from '../../protocol/ecdsa/signing/signing-machine.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import type { StepGuard } from '../operations/run-operation.ts'
import type { EcdsaClient, ItemSession, ReportedCall, SignBatch, Signature } from '../types.ts'
import { sessionOptions, toSignature } from './sign-ecdsa.ts'
import { withOtState } from './with-ot-state.ts'

/** Several signatures: the call that wants them, the set that signs, what is signed, and what it is signed with. */
interface BatchSigning extends ReportedCall<EcdsaClient> {
  readonly shares: WalletShares
  readonly request: SignAllRequest
  readonly otState: OtState
  readonly guard: StepGuard
  readonly signBatch: SignBatch
}

/**
 * Makes several signatures, at least one of them by ECDSA: in one request if there are preprocessings for all of those, else in
 * two. A poisoned set is refused, also where the client's `onCheating` is `ephemeralSetup`.
 *
 * @throws {OT_POISONED} if the server was caught cheating with this set, or says that this device was
 */
export async function signAllEcdsa(
  call: ReportedCall<EcdsaClient>,
  shares: WalletShares,
  request: SignAllRequest,
  signBatch: SignBatch,
): Promise<readonly Signature[]> {
  const { pool } = call.client.ecdsa
  const { setId } = request
  return withOtState(call, shares, async (otState, guard) => {
    const signing = { ...call, shares, request, otState, guard, signBatch }
    call.progress.goTo('Signing')
    // Another tab may have poisoned it.
    if (otState.cheat !== undefined) pool.drop(setId)
    // They leave the pool before anything is sent, so that none is ever used twice.
    const preprocessed = pool.takeAll(setId, otState.digest, ecdsaItems(request).length)
    try {
      if (preprocessed !== undefined) return await signWith(signing, preprocessed)
    } catch (error) {
      if (!isMpcError(error, 'PREPROCESSING_NOT_FOUND')) throw error
      // The server has dropped its side of one at least. The others are likely gone too.
      pool.drop(setId)
    } finally {
      for (const one of preprocessed ?? []) one.dispose()
    }
    return signWith(signing)
  })
}

function signWith(signing: BatchSigning, preprocessed?: readonly Preprocessed[]): Promise<readonly Signature[]> {
  const { request, guard, signBatch } = signing
  const ids = preprocessed?.map(({ id }) => toHex(id))
  return signBatch(
    { ...request, ...(ids && { preprocessings: ids }) },
    (item, bound, i) => openItem(signing, item, bound, preprocessed?.[i]),
    guard,
  )
}

function openItem(
  { client, shares, otState }: BatchSigning,
  item: SignEcdsaItem,
  bound: { readonly intent: Uint8Array },
  preprocessed: Preprocessed | undefined,
): ItemSession<EcdsaResult> {
  const options = sessionOptions(client, { shares, otState }, item, bound)
  const { epoch } = client.ecdsa.pool
  const session =
    preprocessed === undefined ? createEcdsaSigning(options) : createCompletion({ ...options, preprocessed, epoch })
  return {
    session,
    finish: (result) => {
      if (result?.signature === undefined) throw new ProtocolError('FORMAT', 0, [], 'a signature is missing')
      return toSignature(client, shares, item.path, result.signature)
    },
  }
}
