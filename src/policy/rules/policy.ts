import type { Policy, PolicyRequest, SignedItem } from '../../server/access/policy.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'
import { judgeAll, waits, type Rule, type SignatureRequest, type Verdict } from './rule.ts'
import { reasonOf } from './waiting.ts'

/** Options of {@link createPolicy}. */
export interface PolicyOptions {
  /** What may be signed. */
  readonly sign: Rule
  /**
   * Judges all other actions, as the `policy` of `createServer` does. There is no default. `export`, `recover`, `backup` and
   * `join` give somebody what signs: an exported key signs everything.
   */
  readonly others: Policy
  /**
   * Whether clients are told why the rules deny a signature (`denial` of the error). A thief of one learns limits and recipients
   * then, too. Default: false.
   */
  readonly explainsDenials?: boolean
}

/** A `policy` of `createServer`, made of rules. */
export type RulePolicy = Policy & {
  /** What the rules say of a request to sign, or to sign all, for logs and tests. Nothing is counted. @throws {TypeError} for other actions */
  explain(request: PolicyRequest): Verdict
}

/**
 * Makes a server's `policy` of rules.
 *
 * @throws {TypeError} if an option is missing
 *
 * @example
 * const policy = createPolicy({
 *   sign: all(chains(1), recipients(['0x70997970C51812dc3A010C7d01b50e0d17dc79C8']), maximum({ 'ethereum:1': 10n ** 17n })),
 *   others: ({ action }) => action !== 'export',
 * })
 */
export function createPolicy(options: PolicyOptions): RulePolicy {
  const { sign, others, explainsDenials = false } = assertObject(options, 'createPolicy')
  assertMethods(sign, ['judge'], 'sign')
  if (typeof others !== 'function') throw new TypeError('others must be a function')
  if (typeof explainsDenials !== 'boolean') throw new TypeError('explainsDenials must be true or false')
  const explain = (request: PolicyRequest): Verdict => {
    const { action, intent, items } = assertObject(request, 'explain')
    if (action === 'signAll' && items !== undefined) return judgeAll(sign, signaturesOf(request, items))
    if (action !== 'sign' || intent === undefined) throw new TypeError('only signatures are judged by rules')
    return sign.judge(request as SignatureRequest)
  }
  const policy: Policy = (request, hook) => {
    if (request.action !== 'sign' && request.action !== 'signAll') return others(request, hook)
    const verdict = explain(request)
    const { allowed, reserve, approval, delayMs, reasons } = verdict
    if (!allowed && explainsDenials) return { allowed, reason: reasonOf(reasons) }
    if (!allowed || (reserve === undefined && !waits(verdict))) return allowed
    return {
      ...(reserve && { reserve }),
      ...(approval && { approval }),
      ...(delayMs && { delayMs }),
      ...(waits(verdict) && { reason: reasonOf(reasons) }),
    }
  }
  return Object.assign(policy, { explain, judgesAll: true })
}

/** The signatures of a `signAll`, as if each was asked for by itself. */
function signaturesOf(request: PolicyRequest, items: readonly SignedItem[]): readonly SignatureRequest[] {
  return items.map((item) => {
    const { intent } = item
    if (intent === undefined) throw new TypeError('an item has no intent')
    return { ...request, ...item, action: 'sign', items: [], intent }
  })
}
