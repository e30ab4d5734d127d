import { assertMethods, assertObject } from '../../util/arguments.ts'
import { APPROVERS, REASON_MAX_LENGTH, type Approver } from '../../wire/approvals.ts'
import { maximum } from './payments.ts'
import { judgeAll, type Rule, type Verdict } from './rule.ts'
import type { Asset } from './spending.ts'

/** Options of {@link requireApproval} and {@link approvalAbove}. */
export interface ApprovalOptions {
  /** Who may approve: another device of the user, the app's backend, or either. Default: `any`. */
  readonly by?: Approver
}

/** Options of {@link delay}. */
export interface DelayOptions {
  /** How long a signature has to wait, in milliseconds, at most a year. */
  readonly delayMs: number
}

/** The longest delay: a year. */
const LONGEST_MS = 366 * 24 * 3_600_000

/**
 * Allows what a rule allows, once it was approved. What the rule denies, nobody can approve.
 *
 * @throws {TypeError} if it is no rule, or `by` is none of the approvers
 */
export function requireApproval(rule: Rule, options: ApprovalOptions = {}): Rule {
  assertMethods(rule, ['judge'], 'rule')
  const approval = approver(options, 'requireApproval')
  return around(rule, (verdict) => {
    const reasons = [`requireApproval: an approval is needed (${approval})`, ...verdict.reasons]
    const inner = verdict.approval ?? 'any'
    if (inner === 'any' || inner === approval) return { ...verdict, approval, reasons }
    if (approval === 'any') return { ...verdict, reasons }
    return { allowed: false, reasons: [...reasons, 'a device and the operator would both have to approve'] }
  })
}

/**
 * Allows payments and approvals of these assets as `maximum` does, and more of them once that was approved. Assets that are not named,
 * and what `maximum` does not understand, are denied.
 *
 * @param amounts in the asset's smallest unit, by asset, as those of `maximum`
 * @throws {TypeError} for no amounts, or what is none, and if `by` is none of the approvers
 */
export function approvalAbove(amounts: Readonly<Record<Asset, bigint>>, options: ApprovalOptions = {}): Rule {
  const approval = approver(options, 'approvalAbove')
  const below = maximum(amounts)
  const unlimited = maximum(Object.fromEntries(Object.keys(amounts).map((asset) => [asset, UNLIMITED])))
  const judge = (verdict: Verdict, isUnderstood: () => boolean): Verdict => {
    if (verdict.allowed) return { allowed: true, reasons: ['approvalAbove: allowed'] }
    const reasons = verdict.reasons.map((reason) => reason.replace(/^maximum/, 'approvalAbove'))
    return isUnderstood() ? { allowed: true, approval, reasons } : { allowed: false, reasons }
  }
  return {
    judge: (request) => judge(below.judge(request), () => unlimited.judge(request).allowed),
    judgeAll: (requests) => judge(judgeAll(below, requests), () => judgeAll(unlimited, requests).allowed),
  }
}

/** More than any amount that is understood. */
const UNLIMITED = 2n ** 512n

/**
 * Allows what a rule allows, after a time in which every device of the wallet can cancel it.
 *
 * @throws {TypeError} if it is no rule, or `delayMs` is no time
 */
export function delay(rule: Rule, options: DelayOptions): Rule {
  assertMethods(rule, ['judge'], 'rule')
  const { delayMs } = assertObject(options, 'delay')
  if (!Number.isSafeInteger(delayMs) || delayMs < 1 || delayMs > LONGEST_MS) {
    throw new TypeError('delayMs must be milliseconds, at most a year')
  }
  return around(rule, (verdict) => {
    const longest = Math.max(delayMs, verdict.delayMs ?? 0)
    return { ...verdict, delayMs: longest, reasons: [`delay: it waits ${longest} ms`, ...verdict.reasons] }
  })
}

/** A rule whose verdicts are changed where it allows something. */
function around(rule: Rule, change: (verdict: Verdict) => Verdict): Rule {
  const changed = (verdict: Verdict) => (verdict.allowed ? change(verdict) : verdict)
  return {
    judge: (request) => changed(rule.judge(request)),
    judgeAll: (requests) => changed(judgeAll(rule, requests)),
  }
}

/** The reasons as one line for the user. */
export function reasonOf(reasons: readonly string[]): string {
  return reasons
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, REASON_MAX_LENGTH)
}

function approver(options: ApprovalOptions, name: string): Approver {
  const { by = 'any' } = assertObject(options, name)
  if (!APPROVERS.includes(by)) throw new TypeError(`by must be ${APPROVERS.join(', ')}`)
  return by
}
