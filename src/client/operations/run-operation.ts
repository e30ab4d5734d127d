import { isProven, operationRounds, operationSessions } from '../../wire/operation-definitions.ts'
import { provenHeader, type FirstRound } from '../../wire/opening-proof.ts'
import type { SessionMessage } from '../../wire/round-body.ts'
import type { OperationId, OperationRequest, OperationResult } from '../../wire/operations.ts'
import { ProtocolError, isProtocolError } from '../../errors.ts'
import type { Step } from '../../protocol/session/session.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { parseResult } from './parse-responses.ts'
import { isNetworkFailure, postAbort, postRound } from './api-client.ts'
import { createTurns } from './turns.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import type { Client, NewSetup, OperationSession } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

/** How long to wait for the server to learn of an abort; otherwise it times the operation out itself. */
const ABORT_TIMEOUT_MS = 5_000

/** The server's participant number in every session. */
const SERVER = 2

/** An operation with the server: sessions that run side by side, round by round, one per sessionIndex. */
export interface Operation<Result> {
  readonly operationId: OperationId
  readonly request: OperationRequest
  /** The set that deals, if there is one: the first message proves that this device holds a share of it. */
  readonly source?: WalletShares
  /** In the order of `operationSessions(request)`, without the setup; the runner disposes of them. */
  readonly sessions: readonly OperationSession<Result>[]
  /** The ECDSA setup of the new set, with the last sessionIndex; the runner disposes of it. */
  readonly setup?: OperationSession<NewSetup> | undefined
  readonly hooks?: OperationHooks<Result>
}

/**
 * What the caller of an operation does while it runs. Each round calls, in this order:
 *
 * 1. `onRound`;
 * 2. in the last round `prepare`, after which the round is sent;
 * 3. once the response is there, `guard`, within which every session that goes on makes its step.
 *
 * If the operation fails, `discard` is called last: if the last round was not sent, or if its response fails a check.
 * After any other failure the server may have committed, and nothing is called.
 */
export interface OperationHooks<Result> {
  /** Called before each round is sent, counted from 1. */
  readonly onRound?: (round: number) => void
  /** Wraps the steps of all sessions after their first, once per response. Default: they are made directly. */
  readonly guard?: StepGuard
  /**
   * Makes the results durable; the last message, which confirms that, is sent only after it.
   *
   * @param setup gives the result of the setup, if there is one: a reshare has it by then, a generation only after the
   *   last response
   */
  readonly prepare?: (results: readonly Result[], setup: () => NewSetup | undefined) => Promise<void>
  /** Undoes `prepare`, even if it was only partly done or not begun; gets a client with its own timeout. */
  readonly discard?: (client: Client) => Promise<void>
}

/** Makes the steps of sessions once it is safe to. */
export type StepGuard = <T>(step: () => Promise<T>) => Promise<T>

/** The outcome of an operation. */
export interface OperationOutcome<Result> {
  readonly result: OperationResult
  /** The result of each session, in order; its secrets are copies of those passed to `prepare`. */
  readonly results: readonly Result[]
  /** The result of the setup, if there was one; the caller wipes it. */
  readonly setup: NewSetup | undefined
}

/** The idempotency key of a new operation. */
export function newOperationId(client: Client): OperationId {
  return toHex(client.random(16))
}

/**
 * Runs an operation to its end.
 *
 * If it fails before the last message is sent, everything is undone on both sides. If it fails later, the server may or
 * may not have committed: what was prepared stays as it is, and {@link reconcileWallet} asks at the next use.
 *
 * @throws {PROTOCOL_ABORTED} if a check of the protocol fails
 * @throws {SET_MISMATCH} if the server's sessions differ from ours
 * @throws {MpcError} what the server, the transport, `prepare` or the deadline threw
 */
export async function runOperation<Result>(
  client: Client,
  deadline: Deadline,
  operation: Operation<Result>,
): Promise<OperationOutcome<Result>> {
  const { operationId, request, sessions, hooks = {} } = operation
  const { prepare, guard = atOnce } = hooks
  const rounds = operationRounds(request)
  const players = sessions.map((session) => createPlayer(session))
  const setup = operation.setup && createPlayer(operation.setup)
  const allPlayers: readonly Player<unknown>[] = setup === undefined ? players : [...players, setup]
  const specs = operationSessions(request)
  const startsIn = (round: number) => (sessionIndex: number) => round === (specs[sessionIndex]?.startsLast ? rounds : 1)
  let decidable = false
  client.operations.add(operationId)
  try {
    let messages = await start(client, allPlayers, startsIn(1))
    for (let round = 1; ; round++) {
      hooks.onRound?.(round)
      if (round === rounds && prepare !== undefined) {
        const made = players.map((player) => player.made(round))
        await prepare(made, () => setup?.finished(round))
        deadline.check()
        decidable = true
      }
      const header = round === 1 ? firstHeader(client, operation, messages) : {}
      const response = await postRound({ client, deadline }, operationId, round, { header, messages })
      messages = await deliver(client, allPlayers, response.messages, guard)
      if (round === rounds) {
        const result = parseResult(response.header)
        const results = players.map((player) => player.finished(round))
        return { result, results, setup: setup?.finished(round) }
      }
      messages.push(...(await start(client, allPlayers, startsIn(round + 1))))
    }
  } catch (error) {
    setup?.ended()?.wipe()
    // A server whose last message fails our check did not follow the protocol, whatever it decided.
    const undone = !decidable || isProtocolError(error)
    if (prepare !== undefined) client.undecidedOperations.add(operationId)
    if (prepare !== undefined && undone)
      await giveUp(client, operation, deadline.signal.aborted || isNetworkFailure(error))
    throw error
  } finally {
    client.operations.delete(operationId)
    for (const session of sessions) session.dispose()
    operation.setup?.dispose()
  }
}

function firstHeader<Result>(
  client: Client,
  { operationId, request, source }: Operation<Result>,
  messages: readonly SessionMessage[],
): OperationRequest {
  if (source === undefined || !isProven(request)) return request
  return beginWith(client, { operationId, request, messages }, source)
}

/** The header of an operation's first message, which proves that this device holds its share of the set. */
export function beginWith(client: Client, firstRound: FirstRound, source: WalletShares): OperationRequest {
  return provenHeader(client.group('secp256k1'), firstRound, shareOn(source, 'secp256k1'), client.random)
}

/** Starts the sessions that start now. */
async function start(
  client: Client,
  players: readonly Player<unknown>[],
  startsNow: (sessionIndex: number) => boolean,
): Promise<SessionMessage[]> {
  const inTurn = createTurns(client)
  const out: SessionMessage[] = []
  for (const [sessionIndex, player] of players.entries()) {
    if (!startsNow(sessionIndex)) continue
    for (const envelope of await inTurn(() => player.start())) out.push({ sessionIndex, envelope })
  }
  return out
}

async function deliver(
  client: Client,
  players: readonly Player<unknown>[],
  messages: readonly SessionMessage[],
  guard: StepGuard,
): Promise<SessionMessage[]> {
  for (const { sessionIndex, envelope } of messages) players[sessionIndex]?.receive(envelope)
  if (!players.some((player) => player.canAdvance())) return []
  const inTurn = createTurns(client)
  return guard(async () => {
    const out: SessionMessage[] = []
    for (const [sessionIndex, player] of players.entries()) {
      const envelopes = player.canAdvance() ? await inTurn(() => player.advance()) : []
      for (const envelope of envelopes) out.push({ sessionIndex, envelope })
    }
    return out
  })
}

const atOnce: StepGuard = (step) => step()

/** One session and its results so far. */
interface Player<Result> {
  start(): readonly Uint8Array[]
  receive(envelope: Uint8Array): void
  /** Whether a message has arrived to advance with. */
  canAdvance(): boolean
  advance(): readonly Uint8Array[]
  /** The result before the server has confirmed it. */
  made(round: number): Result
  /** The result once every check has passed. */
  finished(round: number): Result
  /** That result, or undefined. */
  ended(): Result | undefined
}

function createPlayer<Result>(session: OperationSession<Result>): Player<Result> {
  let made: Result | undefined
  let finished: Result | undefined
  let accepted = false
  const take = (step: Step<Result>) => {
    made = step.prepared ?? step.done ?? made
    finished = step.done ?? finished
    return step.out
  }
  return {
    start: () => take(session.start()),
    receive(envelope) {
      if (finished === undefined && session.receive(envelope) === 'accepted') accepted = true
    },
    canAdvance: () => accepted && finished === undefined,
    advance() {
      accepted = false
      return take(session.advance())
    },
    made: (round) => made ?? incomplete(round),
    finished: (round) => finished ?? incomplete(round),
    ended: () => finished,
  }
}

function incomplete(round: number): never {
  throw new ProtocolError('FORMAT', round, [SERVER], 'the server left out messages of the protocol')
}

/**
 * Undoes what was prepared and aborts at the server, which otherwise times out by itself.
 *
 * @param hurried whether not to wait for the server: the caller wants to stop, or the server cannot be reached
 */
async function giveUp<Result>(client: Client, operation: Operation<Result>, hurried: boolean): Promise<void> {
  const told = withDeadline(client, { timeoutMs: ABORT_TIMEOUT_MS }, (deadline) =>
    postAbort(client, deadline, operation.operationId),
  ).catch(() => undefined)
  // What cannot be undone now stays PREPARED until the wallet is reconciled at its next use.
  const discard = operation.hooks?.discard
  if (discard !== undefined) {
    await withDeadline(client, { timeoutMs: ABORT_TIMEOUT_MS }, (_, client) => discard(client)).catch(() => undefined)
  }
  if (!hurried) await told
}
