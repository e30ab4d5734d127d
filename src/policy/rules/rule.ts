import type { PolicyRequest } from '../../server/access/policy.ts'
import type { Approver } from '../../wire/approvals.ts'
import type { Reservation } from '../../server/access/reservation.ts'
import { assertMethods } from '../../util/arguments.ts'
import { addUp } from '../../util/counters.ts'
import type { PolicyIntent } from '../types.ts'

/** What a rule says of a signature. */
export interface Verdict {
  /** Whether it may be signed. */
  readonly allowed: boolean
  /** Why, each for a person to read: the rule's name, and what it has found. */
  readonly reasons: readonly string[]
  /** What is allowed only as part of a sum over some time. Default: nothing. */
  readonly reserve?: readonly Reservation[]
  /** Who has to approve it first. Default: nobody. */
  readonly approval?: Approver
  /** How long it has to wait, in milliseconds. Default: not at all. */
  readonly delayMs?: number
}

/** A signature that a rule judges. */
export type SignatureRequest = PolicyRequest & {
  /** What it signs, decoded. */
  readonly intent: PolicyIntent
}

/** Allows some signatures. Each rule denies what it does not understand. */
export interface Rule {
  /** Judges a signature. */
  judge(request: SignatureRequest): Verdict
  /** Judges all signatures of one `signAll` together, such as by their sum. Default: {@link judge} has to allow each. */
  judgeAll?(requests: readonly SignatureRequest[]): Verdict
}

/** Judges several signatures that are made together or not at all. */
export function judgeAll(rule: Rule, requests: readonly SignatureRequest[]): Verdict {
  return rule.judgeAll?.(requests) ?? together(requests.map((request) => rule.judge(request)))
}

/** The verdict on different signatures, of those on each: what they reserve is added up. */
function together(verdicts: readonly Verdict[]): Verdict {
  const denied = verdicts.filter(({ allowed }) => !allowed)
  const reasons = [...new Set((denied.length === 0 ? verdicts : denied).flatMap((verdict) => verdict.reasons))]
  if (denied.length > 0) return { allowed: false, reasons }
  const reserve = addUp(verdicts.flatMap((verdict) => verdict.reserve ?? []))
  return waitingFor({ allowed: true, reasons, ...(reserve.length > 0 && { reserve }) }, verdicts)
}

/** A rule with one reason. @param judge returns why it denies; undefined if it allows */
export function ruleOf(
  name: string,
  judge: (intent: PolicyIntent, request: SignatureRequest) => string | undefined,
): Rule {
  return {
    judge(request) {
      const why = judge(request.intent, request)
      return { allowed: why === undefined, reasons: [`${name}: ${why ?? 'allowed'}`] }
    },
  }
}

/**
 * Allows what each of these rules allows. What one denies is denied, whatever the others ask for; otherwise the signature waits for
 * all that they ask for. If one wants an approval by a device and another one by the operator, it is denied.
 *
 * @throws {TypeError} for no rules, or what is none
 */
export function all(...rules: readonly Rule[]): Rule {
  requireRules(rules, 'all')
  const allOf = (verdicts: readonly Verdict[]): Verdict => {
    const denied = verdicts.filter(({ allowed }) => !allowed)
    return denied.length === 0 ? waitingFor(merged(true, verdicts), verdicts) : merged(false, denied)
  }
  return {
    judge: (request) => allOf(rules.map((rule) => rule.judge(request))),
    judgeAll: (requests) => allOf(rules.map((rule) => judgeAll(rule, requests))),
  }
}

/**
 * Allows what at least one of these rules allows: as the first says that allows it at once, or else as the first that allows it
 * after an approval or a delay. Only that one reserves something.
 *
 * @throws {TypeError} for no rules, or what is none
 */
export function any(...rules: readonly Rule[]): Rule {
  requireRules(rules, 'any')
  const judge = (request: SignatureRequest): Verdict => {
    const verdicts = rules.map((rule) => rule.judge(request))
    const allowing = verdicts.filter(({ allowed }) => allowed)
    return allowing.find((verdict) => !waits(verdict)) ?? allowing[0] ?? merged(false, verdicts)
  }
  return {
    judge,
    judgeAll(requests) {
      const allowing = rules.map((rule) => judgeAll(rule, requests)).filter(({ allowed }) => allowed)
      const whole = allowing.find((verdict) => !waits(verdict)) ?? allowing[0]
      if (whole !== undefined) return whole
      // Each signature counts by the rule that allows it, and each rule judges its own together.
      const chosen = requests.map((request) => {
        const able = rules.filter((rule) => rule.judge(request).allowed)
        return able.find((rule) => !waits(rule.judge(request))) ?? able[0]
      })
      const denied = requests.filter((_, i) => chosen[i] === undefined)
      if (denied.length > 0) return together(denied.map(judge))
      const parts = rules.map((rule) => [rule, requests.filter((_, i) => chosen[i] === rule)] as const)
      return together(parts.flatMap(([rule, part]) => (part.length === 0 ? [] : [judgeAll(rule, part)])))
    },
  }
}

/** Denies everything, such as in the place of a rule that is switched off. */
export function deny(): Rule {
  return ruleOf('deny', () => 'everything is denied')
}

/**
 * Allows signatures of these kinds, whatever they say. `raw` is what nobody has checked: whoever allows it allows everything.
 *
 * @throws {TypeError} for no kinds
 */
export function kinds(...allowed: readonly PolicyIntent['kind'][]): Rule {
  if (allowed.length === 0 || !allowed.every((kind) => typeof kind === 'string')) {
    throw new TypeError('kinds must name at least one')
  }
  return ruleOf('kinds', ({ kind }) => (allowed.includes(kind) ? undefined : `${kind} is none of them`))
}

/** What is allowed by several verdicts: it waits for all that they want. */
function waitingFor(allowed: Verdict, verdicts: readonly Verdict[]): Verdict {
  const { reasons } = allowed
  const named = new Set(verdicts.flatMap(({ approval = 'any' }) => (approval === 'any' ? [] : [approval])))
  if (named.size > 1)
    return { allowed: false, reasons: [...reasons, 'a device and the operator would both have to approve'] }
  const [approver] = named
  const approval = approver ?? verdicts.find((verdict) => verdict.approval !== undefined)?.approval
  const delayMs = verdicts.reduce((most, verdict) => Math.max(most, verdict.delayMs ?? 0), 0)
  return { ...allowed, ...(approval && { approval }), ...(delayMs > 0 && { delayMs }) }
}

/** Whether what is allowed has to wait. */
export function waits({ approval, delayMs = 0 }: Verdict): boolean {
  return approval !== undefined || delayMs > 0
}

function merged(allowed: boolean, verdicts: readonly Verdict[]): Verdict {
  const reasons = verdicts.flatMap((verdict) => verdict.reasons)
  const reserve = allowed ? lowest(verdicts.flatMap((verdict) => verdict.reserve ?? [])) : []
  return { allowed, reasons, ...(reserve.length > 0 && { reserve }) }
}

/** Rules that add the same amount to the same counter add it once, and all of their maximums hold. */
function lowest(reservations: readonly Reservation[]): readonly Reservation[] {
  const isSame = (a: Reservation, b: Reservation) =>
    a.counter === b.counter && a.amount === b.amount && a.periodMs === b.periodMs
  return reservations.reduce<readonly Reservation[]>((kept, one) => {
    const before = kept.find((other) => isSame(other, one))
    if (before === undefined) return [...kept, one]
    return one.most < before.most ? kept.map((other) => (other === before ? one : other)) : kept
  }, [])
}

function requireRules(rules: readonly Rule[], name: string): void {
  if (rules.length === 0) throw new TypeError(`${name} needs at least one rule`)
  for (const rule of rules) assertMethods(rule, ['judge'], `a rule of ${name}`)
}
