import { assertMethods, assertObject } from '../../util/arguments.ts'
import { isScope } from '../../wire/set-limits.ts'
import { judgeAll, type Rule, type Verdict } from './rule.ts'

/** Options of {@link scopes}. */
export interface ScopesOptions {
  /** Judges the signatures of sets without a scope. Default: they are denied. */
  readonly unscoped?: Rule
}

/**
 * Judges each signature by the rule for the scope of its set. A scope without a rule is denied. In `any` beside other rules,
 * these judge the signatures of every scope too: put `scopes` outermost.
 *
 * @param rules by scope
 * @throws {TypeError} for no rules, a name that is no scope, or what is no rule
 */
export function scopes(rules: Readonly<Record<string, Rule>>, options: ScopesOptions = {}): Rule {
  const entries = Object.entries(assertObject(rules, 'scopes'))
  const { unscoped } = assertObject(options, 'scopes')
  if (entries.length === 0) throw new TypeError('scopes needs at least one rule')
  for (const [scope, rule] of entries) {
    if (!isScope(scope)) throw new TypeError('scopes: a name is no scope')
    assertMethods(rule, ['judge'], `the rule of scope ${scope}`)
  }
  if (unscoped !== undefined) assertMethods(unscoped, ['judge'], 'unscoped')
  // Not the object itself, which inherits names such as `constructor`.
  const known = new Map(entries)
  const byScope = (scope: string | undefined, judge: (rule: Rule) => Verdict): Verdict => {
    const rule = scope === undefined ? unscoped : known.get(scope)
    const name = scope ?? 'no scope'
    if (rule === undefined) return { allowed: false, reasons: [`scopes: ${name} is none of them`] }
    const verdict = judge(rule)
    return { ...verdict, reasons: [`scopes: ${name}`, ...verdict.reasons] }
  }
  return {
    judge: (request) => byScope(request.scope, (rule) => rule.judge(request)),
    // They are of one set, and so of one scope.
    judgeAll: (requests) => byScope(requests[0]?.scope, (rule) => judgeAll(rule, requests)),
  }
}
