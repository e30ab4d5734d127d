import type { Session, Step } from './session.ts'

/** One session of a batch and what it is to do. */
export interface SessionStep<Result> {
  /** Opens, restores or just gives the session; what it throws ends this turn only. */
  readonly session: () => Session<Result>
  /**
   * The envelopes that arrived since its last step: before its first one, for a session that answers. None at all for a
   * session that speaks first and is to start.
   */
  readonly arrived?: readonly Uint8Array[]
}

/** What one turn brought, or the error that ended its session. */
export type StepOutcome<Result> =
  | { readonly session: Session<Result>; readonly step: Step<Result>; readonly error?: undefined }
  | { readonly step?: undefined; readonly error: unknown }

/**
 * Plays one step of many sessions, such as those of a server that rotates the custodian of every wallet; the outcomes
 * are in the order of the turns, and a turn that fails leaves the others alone.
 *
 * Sessions share no arithmetic: a check that held for all together would have to be repeated one by one to know whom to
 * blame, and docs/sharing.md has what it would save. The time is linear in the number of turns.
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
