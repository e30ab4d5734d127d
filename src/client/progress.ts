import type { Curve } from '../types.ts'
import { notify } from './notify.ts'
import type { Client } from './types.ts'

/** What an action is doing. */
export type Status =
  | 'Reading share'
  | 'Decrypting share'
  | 'Parsing share'
  | 'Recovering signing share'
  | 'Generating share'
  | 'Encrypting share'
  | 'Storing share'
  | 'Waiting for the other device'
  | 'Done'

/** One report of an action's progress. */
export interface Progress {
  /** The step that the action is at. */
  readonly status: Status
  /** Whether the action is over; true in the last report only. */
  readonly done: boolean
  /** The curve that a step is working on, if it goes curve by curve. */
  readonly curve?: Curve
  /** How much of the action's work is done, from 0 to 1; never decreases. */
  readonly fraction: number
}

/** An action's steps in order, each with its expected part of the total time. */
export type Plan = readonly (readonly [status: Exclude<Status, 'Done'>, weight: number])[]

const GENERATE: Plan = [
  ['Generating share', 70],
  ['Parsing share', 5],
  ['Storing share', 25],
]

const BACKUP: Plan = [
  ['Reading share', 5],
  ['Generating share', 30],
  ['Parsing share', 5],
  ['Encrypting share', 45],
  ['Storing share', 15],
]

/** The steps of a dry run of a recovery, which stores nothing. */
const DRY_RECOVERY: Plan = [
  ['Reading share', 5],
  ['Decrypting share', 45],
  ['Parsing share', 5],
  ['Recovering signing share', 20],
  ['Generating share', 10],
  ['Parsing share', 5],
]

const RECOVER: Plan = [...DRY_RECOVERY, ['Storing share', 10]]

const REFRESH: Plan = [
  ['Reading share', 5],
  ['Generating share', 60],
  ['Parsing share', 5],
  ['Storing share', 30],
]

const INVITE: Plan = [
  ['Reading share', 5],
  ['Waiting for the other device', 45],
  ['Generating share', 30],
  ['Waiting for the other device', 20],
]

const JOIN: Plan = [
  ['Waiting for the other device', 45],
  ['Generating share', 25],
  ['Parsing share', 5],
  ['Storing share', 25],
]

const EXPORT: Plan = [
  ['Decrypting share', 85],
  ['Parsing share', 15],
]

export const plans = {
  generate: GENERATE,
  backup: BACKUP,
  recover: RECOVER,
  dryRecovery: DRY_RECOVERY,
  refresh: REFRESH,
  invite: INVITE,
  join: JOIN,
  export: EXPORT,
} as const

/** Reports an action's steps to the caller's callback. */
export interface ProgressReporter {
  /** Begins the plan's next step. */
  begin(status: Exclude<Status, 'Done'>): void
  /** Returns to the first step, to repeat what follows it. Nothing is reported, and the fraction does not decrease. */
  restart(): void
  /** Reports how far the current step is, from 0 to 1. */
  within(part: number, curve?: Curve): void
  /** Reports the end of the action. */
  finish(): void
}

/** Makes the reporter of one action. What the callback throws goes to the client's `onError`. */
export function createProgress(
  client: Pick<Client, 'onError'>,
  plan: Plan,
  onProgress: ((progress: Progress) => void) | undefined,
): ProgressReporter {
  const total = plan.reduce((sum, [, weight]) => sum + weight, 0)
  let step = -1
  let before = 0
  let fraction = 0

  let isOver = false

  const report = (progress: Progress) => notify(client, () => onProgress?.(progress))

  return {
    begin(status) {
      if (step >= 0) before += plan[step]![1]
      step++
      if (plan[step]?.[0] !== status) throw new Error(`'${status}' is not step ${step} of this action`)
      fraction = Math.max(fraction, before / total)
      report({ status, done: false, fraction })
    },
    restart() {
      step = 0
      before = 0
    },
    within(part, curve) {
      const [status, weight] = plan[step]!
      // A backup method of the app may report anything, at any time.
      if (!Number.isFinite(part) || isOver) return
      fraction = Math.max(fraction, (before + weight * Math.min(Math.max(part, 0), 1)) / total)
      report({ status, done: false, fraction, ...(curve && { curve }) })
    },
    finish() {
      isOver = true
      report({ status: 'Done', done: true, fraction: 1 })
    },
  }
}
