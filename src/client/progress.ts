import type { RequiredApproval } from '../errors.ts'
import type { Curve } from '../types.ts'
import { notify, type ErrorSink } from './notify.ts'

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
  | 'Waiting for approval'
  | 'Making ECDSA setup'
  | 'Preprocessing signatures'
  | 'Signing'
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
  /** With 'Waiting for approval': what the server waits for. */
  readonly approval?: RequiredApproval
}

/** An action's steps in order, each with its expected part of the total time. */
export type Plan = readonly (readonly [status: Exclude<Status, 'Done' | 'Waiting for approval'>, weight: number])[]

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

/** A set that has its setup, and a FROST signature, leave out the second step. */
const SIGN: Plan = [
  ['Reading share', 5],
  ['Making ECDSA setup', 75],
  ['Signing', 20],
]

const PREPROCESS: Plan = [
  ['Reading share', 5],
  ['Making ECDSA setup', 55],
  ['Preprocessing signatures', 40],
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
  sign: SIGN,
  preprocess: PREPROCESS,
} as const

/** Reports an action's steps to the caller's callback. */
export interface ProgressReporter {
  /** Begins the plan's next step. */
  begin(status: Exclude<Status, 'Done'>): void
  /** Begins the plan's first step of this status, whether it is further on or back: what lies between is left out. */
  goTo(status: Exclude<Status, 'Done'>): void
  /** Returns to the first step, to repeat what follows it. Nothing is reported, and the fraction does not decrease. */
  restart(): void
  /** Reports how far the current step is, from 0 to 1. */
  within(part: number, curve?: Curve): void
  /** Reports that the current step waits for an approval. */
  waiting(approval: RequiredApproval): void
  /** Reports the current step again, after it has waited. */
  goOn(): void
  /** Reports the end of the action. */
  finish(): void
}

/** Makes the reporter of one action. What the callback throws goes to the client's `onError`. */
export function createProgress(
  client: ErrorSink,
  plan: Plan,
  onProgress: ((progress: Progress) => void) | undefined,
): ProgressReporter {
  const total = plan.reduce((sum, [, weight]) => sum + weight, 0)
  let step = -1
  let fraction = 0
  let isOver = false

  const report = (progress: Progress) => notify(client, () => onProgress?.(progress))

  const before = (): number => plan.slice(0, step).reduce((sum, [, weight]) => sum + weight, 0)
  const enter = (next: number) => {
    step = next
    const [status] = plan[step]!
    fraction = Math.max(fraction, before() / total)
    report({ status, done: false, fraction })
  }

  return {
    begin(status) {
      if (plan[step + 1]?.[0] !== status) throw new Error(`'${status}' is not step ${step + 1} of this action`)
      enter(step + 1)
    },
    goTo(status) {
      const next = plan.findIndex(([other]) => other === status)
      if (next < 0) throw new Error(`'${status}' is no step of this action`)
      enter(next)
    },
    restart() {
      step = 0
    },
    within(part, curve) {
      const [status, weight] = plan[step]!
      // A backup method of the app may report anything, at any time.
      if (!Number.isFinite(part) || isOver) return
      fraction = Math.max(fraction, (before() + weight * Math.min(Math.max(part, 0), 1)) / total)
      report({ status, done: false, fraction, ...(curve && { curve }) })
    },
    waiting(approval) {
      report({ status: 'Waiting for approval', done: false, fraction, approval })
    },
    goOn() {
      const [status] = plan[step] ?? []
      if (status !== undefined) report({ status, done: false, fraction })
    },
    finish() {
      isOver = true
      report({ status: 'Done', done: true, fraction: 1 })
    },
  }
}
