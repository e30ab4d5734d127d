import { assertMethods, assertObject } from '../../util/arguments.ts'
import { isScope } from '../../wire/set-limits.ts'
import type { Rule } from './rule.ts'

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
  return {
    judge(request) {
      const { scope } = request
      const rule = scope === undefined ? unscoped : known.get(scope)
      const name = scope ?? 'no scope'
      if (rule === undefined) return { allowed: false, reasons: [`scopes: ${name} is none of them`] }
      const verdict = rule.judge(request)
      return { ...verdict, reasons: [`scopes: ${name}`, ...verdict.reasons] }
    },
  }
}
