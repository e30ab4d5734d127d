import { type StepOutcome, runSteps } from '../protocol/session/batch.ts'
import { createReshare, type ReshareResult, restoreReshare } from '../protocol/reshare/index.ts'
import type { Session } from '../protocol/session/session.ts'
import {
  decodeKeyShare,
  decodeShareSetRecord,
  encodeKeyShare,
  encodeShareSetRecord,
  wipeKeyShare,
} from '../key-share/index.ts'
import type { Curve } from '../types.ts'
import { systemRandom as random } from '../util/random.ts'
import { describeError, type ErrorDescription } from '../util/error-description.ts'
import { groupOf } from './group-of.ts'
import type { PackedSet, ReshareContinuation, ReshareOpening, ReshareStep, ReshareTurn } from './types.ts'

/** A {@link ReshareOutcome} as plain data. */
export type DescribedOutcome = { readonly step: ReshareStep } | { readonly error: ErrorDescription }

/** Runs one step of each reshare. */
export function runReshares(turns: readonly ReshareTurn[]): DescribedOutcome[] {
  const outcomes = runSteps(
    turns.map((turn) => ({
      session: () => ('state' in turn ? resumeReshare(turn) : openReshare(turn)),
      ...(turn.arrived === undefined ? {} : { arrived: turn.arrived }),
    })),
  )
  return outcomes.map((outcome, i) => pack((turns[i] as ReshareTurn).curve, outcome))
}

function resumeReshare({ curve, state, arrived: _, ...terms }: ReshareContinuation): Session<ReshareResult> {
  return restoreReshare(state, { ...terms, group: groupOf(curve), random })
}

function openReshare({ curve, old, share: encoded, arrived: _, ...terms }: ReshareOpening): Session<ReshareResult> {
  const group = groupOf(curve)
  const share = encoded === undefined ? undefined : decodeKeyShare(groupOf, encoded)
  try {
    const record = decodeShareSetRecord(groupOf, old)
    return createReshare({ ...terms, group, old: record, ...(share === undefined ? {} : { share }), random })
  } finally {
    if (share !== undefined) wipeKeyShare(share)
  }
}

function pack(curve: Curve, outcome: StepOutcome<ReshareResult>): DescribedOutcome {
  if (outcome.step === undefined) return { error: describeError(outcome.error) }
  const { session, step } = outcome
  // A step with both `prepared` and `done` has the same result twice.
  const result = step.done ?? step.prepared
  const packed = result === undefined ? undefined : packSet(curve, result)
  return {
    step: {
      out: step.out,
      ...(step.prepared === undefined || packed === undefined ? {} : { prepared: packed }),
      ...(step.done === undefined || packed === undefined ? { state: session.export() } : { done: packed }),
    },
  }
}

function packSet(curve: Curve, { record, share }: ReshareResult): PackedSet {
  const group = groupOf(curve)
  const encoded = encodeShareSetRecord(group, record)
  if (share === undefined) return { record: encoded }
  try {
    return { record: encoded, share: encodeKeyShare(group, share) }
  } finally {
    wipeKeyShare(share)
  }
}
