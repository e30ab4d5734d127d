import type { Session, Step } from './session.ts'

/** One session of a batch, and its input. */
export interface SessionStep<Result> {
  /** Creates, restores or returns the session. An error that it throws is the outcome of this step only. */
  readonly session: () => Session<Result>
  /**
   * The envelopes that have arrived since the session's last step, or before its first step if another party sends
   * first. Leave it out to start a session that sends first.
   */
  readonly arrived?: readonly Uint8Array[]
}

/** The session and what its step gave, or the error that ended it. */
export type StepOutcome<Result> =
  | {
      /** The session, for its next turn. */
      readonly session: Session<Result>
      /** What the turn brought. */
      readonly step: Step<Result>
      /** Absent: the turn did not fail. */
      readonly error?: undefined
    }
  | {
      /** Absent: the turn failed. */
      readonly step?: undefined
      /** What ended the session. */
      readonly error: unknown
    }

/**
 * Runs one step of many sessions, such as those of a server that rotates the custodian of every wallet. The outcomes are
 * in the order of `turns`. A step that fails does not affect the others: its error is its outcome.
 *
 * The sessions share no arithmetic, so the time is linear in their number. A check over all of them at once would have
 * to be repeated one by one to find whom to blame; docs/sharing.md says what it would save.
 */
export function runSteps<Result>(turns: readonly SessionStep<Result>[]): StepOutcome<Result>[] {
  return turns.map(runStep)
}

function runStep<Result>({ session: open, arrived }: SessionStep<Result>): StepOutcome<Result> {
  let session: Session<Result> | undefined
  try {
    session = open()
    if (arrived === undefined) return { session, step: session.start() }
    for (const envelope of arrived) session.receive(envelope)
    return { session, step: session.advance() }
  } catch (error) {
    session?.dispose()
    return { error }
  }
}
