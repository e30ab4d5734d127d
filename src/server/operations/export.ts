import * as v from 'valibot'
import { exportTerms } from '../../wire/export.ts'
import { BadRequest } from '../../service/http.ts'
import type { ExportRequest } from '../../wire/operations.ts'
import { getGroup } from '../../curve/index.ts'
import { releaseShare } from '../../protocol/export/index.ts'
import { newChallenge } from '../../protocol/possession/index.ts'
import { wipeKeyShare, type KeyShare } from '../../key-share/index.ts'
import { fromHex } from '../../util/bytes.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { askPolicy } from '../access/policy.ts'
import { requireUsed } from '../approvals/use-approval.ts'
import { usedSet } from './completions.ts'
import { requestForPolicy, type ServerOperation } from './operation.ts'
import type { Completion, RoundOutput, RoundInput } from './round.ts'
import { authorization, curve, receiver, setId, walletId } from './schemas.ts'
import { openSourceShare, requireSource, sourceOf } from './source.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/** Releases the server's share of one curve's key to the client. */
export const exportOperation: ServerOperation<ExportRequest> = {
  schema: () =>
    v.strictObject({
      kind: v.literal('export'),
      walletId,
      setId,
      curve,
      authorization,
      receiver,
    }),
  policyFields,
  isAuthorized: true,
  // Also counted against the client: its authorizations may be the same for all its sets.
  failuresCountAgainst: ['set', 'device', 'client'],
  // As for `prove`.
  keepsDecision: true,
  handle: exportRound,
}

function policyFields({ curve }: ExportRequest) {
  return { curve }
}

/**
 * Releases the server's share of one curve to the client. Round 1 returns a challenge. Round 2 takes the proof that the
 * client holds its own share, and returns the server's share, sealed to the client's key. The share is sent and stored in
 * this form only.
 */
async function exportRound(context: ServerContext, input: RoundInput<ExportRequest>): Promise<RoundOutput> {
  await sourceOf(context, input)
  if (input.state === undefined) return challenge(context, input)
  const { wait } = await askPolicy(context, requestForPolicy(input, input.request, policyFields(input.request)))
  if (wait !== undefined) await requireUsed(context.database, input)
  return release(context, input, input.state)
}

function challenge({ random }: ServerContext, { operationId, messages }: RoundInput<ExportRequest>): RoundOutput {
  if (messages.length !== 0) throw new BadRequest('the first round of an export carries no messages')
  const state = newChallenge(random, fromHex(operationId))
  return { messages: [{ sessionIndex: 0, envelope: state.slice() }], state }
}

function release(context: ServerContext, input: RoundInput<ExportRequest>, state: Uint8Array): RoundOutput {
  const { operationId, request, messages } = input
  const [message, ...others] = messages
  if (message?.sessionIndex !== 0 || others.length > 0) throw new BadRequest('an export carries one message, the proof')
  const serverShare = openSourceShare(context, input)
  try {
    const group = getGroup(request.curve)
    const share = serverShare.shares.find(({ record }) => record.curve === request.curve) as KeyShare
    const terms = exportTerms(group, share.record, operationId, fromHex(request.receiver))
    const { random } = context
    const sealed = releaseShare(terms, { share, challenge: state, proof: message.envelope, random })
    return { messages: [{ sessionIndex: 0, envelope: sealed }], completion: exportCompletion(context, input) }
  } finally {
    serverShare.shares.forEach(wipeKeyShare)
  }
}

/** The completion of an export. The share is sent only if its set is still ACTIVE when the export is recorded. */
function exportCompletion(context: ServerContext, input: RoundInput<ExportRequest>): Completion {
  const { clientId, operationId, request, auditHead } = input
  return {
    decision: 'COMMIT',
    result: usedSet(input),
    async apply(tx) {
      const exported = await tx.query(
        `update reshare_sets set exported_at = coalesce(exported_at, $2) where set_id = $1 and state = 'ACTIVE' returning 1`,
        [request.setId, timestamp(context)],
      )
      if (exported.length === 0) {
        await requireSource(context, tx, input, request)
        throw notAuthorized()
      }
      const { setId, walletId, curve: detail } = request
      await context.audit.record(tx, clientId, [{ event: 'exported', walletId, setId, operationId, detail }], auditHead)
    },
  }
}
