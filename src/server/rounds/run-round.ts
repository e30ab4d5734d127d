import { encodeRoundBody } from '../../wire/round-body.ts'
import { MpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { definitionOf, runsInTransaction } from '../operations/definitions.ts'
import type { Completion, RoundInput, RoundOutput, SetRequest } from '../operations/round.ts'
import { UNLIMITED } from '../sets/sets-table.ts'
import { abortOperation } from './decisions.ts'
import { blamesClient, isFinal, isRejectedBeforeAdvance } from './failures.ts'
import { decideRound, finishRound, operationEnded, releaseRound, resetRound, type RoundContext } from './lease.ts'
import type { OperationRow } from './operations-table.ts'
import { countFailure, countsFailures } from './rates.ts'
import { transactOrBan, type Banned } from './transact-or-ban.ts'
import { turnOfSet } from './turns.ts'
import { insertResponse } from './responses-table.ts'

/** A stored response, and the completion that was committed with it. */
interface StoredRound {
  readonly response: Uint8Array
  readonly completion: Completion | undefined
}

/** The part of a round's input that comes with the request. */
type Received = Pick<RoundInput, 'messages' | 'source' | 'auditHead'>

/**
 * Runs a round that this process has leased, and stores its outcome.
 *
 * @returns the stored response
 * @throws what the round throws, after the consequences are stored
 */
export async function runLeasedRound(
  round: RoundContext,
  operation: OperationRow,
  received: Received,
): Promise<Uint8Array> {
  const { onError } = round.context
  try {
    requireTimeLeft(round, operation)
    const result = await runAndStore(round, operation, received)
    if ('banned' in result) throw result.banned
    await result.completion?.afterCommit?.().catch(onError)
    return result.response
  } catch (error) {
    await failRound(round, operation, error).catch(onError)
    throw error
  }
}

async function runAndStore(
  round: RoundContext,
  operation: OperationRow,
  received: Received,
): Promise<StoredRound | Banned> {
  const { context, lease } = round
  const { request, epoch, device } = operation
  // Aborted after the caller had looked: the request is deleted, and without its state a later round would run as a first one.
  if (request === null || (lease.round > 1 && operation.state === null)) throw operationEnded()
  const { clientId, operationId } = lease
  const begun = { clientId, operationId, device, round: lease.round, request, epoch, ...received }
  const state = operation.state === null ? undefined : context.sealer.open(sessionContext(begun), operation.state)
  const input = { ...begun, state }
  try {
    if (runsInTransaction(request)) return await runInTransaction(round, { ...input, request })
    const output = await definitionOf(request).handle(context, input)
    const sealed = sealState(context, input, output)
    return await context.database.transaction((tx) => storeOutput(round, tx, output, sealed))
  } finally {
    wipe(state)
  }
}

async function runInTransaction(round: RoundContext, input: RoundInput<SetRequest>): Promise<StoredRound | Banned> {
  const { context } = round
  const { clientId, request } = input
  const { consume, handle } = definitionOf<SetRequest>(request)
  const taken = await consume?.(context, input)
  const work = async (tx: Queryable): Promise<StoredRound | Banned> => {
    const output = await handle(context, { ...input, taken }, tx)
    const { banned } = output
    return banned === undefined ? storeOutput(round, tx, output, sealState(context, input, output)) : { banned }
  }
  const set = { clientId, setId: request.setId }
  return context.turns.take(turnOfSet(set.setId), () => transactOrBan(context, set, work))
}

/** Seals the state for the next round, and wipes it. */
function sealState({ sealer }: ServerContext, input: RoundInput, { state }: RoundOutput): Uint8Array | null {
  if (state === undefined) return null
  const sealed = sealer.seal(sessionContext({ ...input, round: input.round + 1 }), state)
  wipe(state)
  return sealed
}

async function storeOutput(
  round: RoundContext,
  tx: Queryable,
  { messages, writes, completion }: RoundOutput,
  state: Uint8Array | null,
): Promise<StoredRound> {
  if (completion === undefined) {
    const response = encodeRoundBody({ header: {}, messages })
    await finishRound(round, tx, { state, response })
    await writes?.(tx)
    return { response, completion }
  }
  if (completion.result !== undefined) {
    const response = encodeRoundBody({ header: completion.result, messages })
    await decideRound(round, tx, completion.decision, response)
    await completion.apply(tx)
    await writes?.(tx)
    return { response, completion }
  }
  await decideRound(round, tx, completion.decision)
  const response = encodeRoundBody({ header: await completion.apply(tx), messages })
  await writes?.(tx)
  const { context, lease, requestHash } = round
  await insertResponse(context, tx, { ...lease, requestHash, response })
  return { response, completion }
}

/** A failed check ends the operation; after any other failure the same request may be repeated. */
async function failRound(
  { context, lease }: RoundContext,
  { kind, request }: OperationRow,
  error: unknown,
): Promise<void> {
  if (isRejectedBeforeAdvance(error)) await resetRound(context.database, lease)
  else if (countsFailures(kind, lease.round) && blamesClient(error)) {
    await abortOperation(context, lease, (tx) => countFailure(context, tx, lease, request as SetRequest))
  } else if (isFinal(error)) await abortOperation(context, lease)
  else await releaseRound(context.database, lease)
}

function requireTimeLeft({ context }: RoundContext, operation: OperationRow): void {
  if (context.now() < operation.expiresAt.getTime()) return
  throw new MpcError('PROTOCOL_ABORTED', 'the operation has expired; start it again')
}

/**
 * Session state opens only for its round, in the epoch in which it was sealed, and while the limits that a refresh hands on, which
 * are read from the database in each round, are the same.
 */
function sessionContext({ clientId, operationId, round, epoch, request, source }: Omit<RoundInput, 'state'>) {
  const { scope, expiresAt } = (request.kind === 'refresh' && source?.set) || UNLIMITED
  const limits = scope === null && expiresAt === null ? [] : [scope ?? '', expiresAt?.toISOString() ?? '']
  return { purpose: 'session', clientId, row: [operationId, round, epoch, ...limits].join('/') } as const
}
