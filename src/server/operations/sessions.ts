import type { SessionMessage } from '../../wire/round-body.ts'
import { BadRequest } from '../../service/http.ts'
import { MpcError, ProtocolError } from '../../errors.ts'
import { decodeEnvelopeHeader } from '../../protocol/session/envelope.ts'
import type { Session, Step } from '../../protocol/session/session.ts'
import { wipe } from '../../util/bytes.ts'
import { isCodecError, Reader, Writer } from '../../util/codec.ts'

/** The outcome of one request for the sessions of an operation, which advance side by side. */
export interface AdvanceResult<Result> {
  readonly messages: readonly SessionMessage[]
  /** The outcome of each session, in order. */
  readonly steps: readonly Step<Result>[]
}

/**
 * Passes the messages to the sessions, then starts them if requested, and advances them.
 *
 * @throws {BadRequest} if a message names an unknown session or comes twice, or a session gets none; none has advanced
 * @throws {SET_MISMATCH} if an envelope belongs to another set or session; none has advanced
 * @throws {PROTOCOL_ABORTED} if a check fails, or messages for a session are missing
 */
export function advanceSessions<Result>(
  sessions: readonly Session<Result>[],
  messages: readonly SessionMessage[],
  start: boolean,
): AdvanceResult<Result> {
  deliver(sessions, messages)
  const first = start ? sessions.map((session) => session.start()) : []
  return outcomeOf(
    first,
    sessions.map((session) => session.advance()),
  )
}

/**
 * {@link advanceSessions} for sessions that compute long: the event loop gets a turn between two of them, so that other requests
 * do not wait for all.
 */
export async function advanceInTurns<Result>(
  sessions: readonly Session<Result>[],
  messages: readonly SessionMessage[],
  start: boolean,
): Promise<AdvanceResult<Result>> {
  deliver(sessions, messages)
  const first = start ? await inTurns(sessions, (session) => session.start()) : []
  return outcomeOf(first, await inTurns(sessions, (session) => session.advance()))
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => R): Promise<R[]> {
  const results: R[] = []
  for (const item of items) {
    if (results.length > 0) await new Promise<void>((resolve) => setTimeout(resolve, 0))
    results.push(work(item))
  }
  return results
}

function outcomeOf<Result>(first: readonly Step<Result>[], steps: readonly Step<Result>[]): AdvanceResult<Result> {
  if (steps.some(isIdle)) throw new ProtocolError('FORMAT', 0, [], 'a message is missing')
  const out = (list: readonly Step<Result>[]) =>
    list.flatMap((step, sessionIndex) => step.out.map((envelope): SessionMessage => ({ sessionIndex, envelope })))
  return { messages: [...out(first), ...out(steps)], steps }
}

/** The results of all sessions, once each has one. */
export function resultsOf<Result>(steps: readonly Step<Result>[], which: 'prepared' | 'done'): Result[] | undefined {
  const results = steps.map((step) => step[which])
  return results.includes(undefined) ? undefined : (results as Result[])
}

function deliver(sessions: readonly Session<unknown>[], messages: readonly SessionMessage[]): void {
  if (sessions.some((_, sessionIndex) => messages.every((message) => message.sessionIndex !== sessionIndex))) {
    throw new BadRequest('the round body lacks the messages of a session')
  }
  for (const { sessionIndex, envelope } of messages) {
    const session = sessions[sessionIndex]
    if (session === undefined) throw new BadRequest(`the operation has no session ${sessionIndex}`)
    const receipt = session.receive(envelope)
    if (receipt === 'duplicate') throw new BadRequest('the round body carries a message twice')
    if (receipt === 'dropped') throw stray(envelope)
  }
}

/** Why an envelope was not accepted, by its header: it has the hash of the set (round 1) or of the session. */
function stray(envelope: Uint8Array): Error {
  try {
    const { round } = decodeEnvelopeHeader(envelope)
    return new MpcError(
      'SET_MISMATCH',
      `a message of round ${round} belongs to another share set or session, or is too long`,
    )
  } catch (error) {
    if (isCodecError(error)) return new BadRequest(`not an envelope: ${error.message}`)
    throw error
  }
}

function isIdle({ out, prepared, done }: Step<unknown>): boolean {
  return out.length === 0 && prepared === undefined && done === undefined
}

/** Exports sessions into one secret value, and disposes of them. */
export function exportSessions(sessions: readonly Session<unknown>[]): Uint8Array {
  const writer = new Writer().u8(sessions.length)
  for (const session of sessions) {
    const state = session.export()
    writer.prefixed(state)
    wipe(state)
  }
  return writer.finish()
}

const STATE_MAX_LENGTH = 1 << 20

/** The sessions that {@link exportSessions} wrote. If one cannot be restored, those before it are disposed of. */
export function restoreSessions<S extends Pick<Session<unknown>, 'dispose'>>(
  state: Uint8Array,
  restore: (state: Uint8Array, sessionIndex: number) => S,
): S[] {
  const reader = new Reader(state)
  const count = reader.u8()
  const sessions: S[] = []
  try {
    for (let sessionIndex = 0; sessionIndex < count; sessionIndex++) {
      const one = reader.prefixed(STATE_MAX_LENGTH)
      try {
        sessions.push(restore(one, sessionIndex))
      } finally {
        wipe(one)
      }
    }
    reader.end()
    return sessions
  } catch (error) {
    for (const session of sessions) session.dispose()
    throw error
  }
}
