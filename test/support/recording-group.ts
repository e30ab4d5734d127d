import type { Group, Scalar } from '../../src/curve/group.ts'

type Made = 'randomScalar' | 'add' | 'subtract' | 'multiply' | 'decodeScalar'

/**
 * A group that remembers the scalars it makes, to see afterwards which of them are still there.
 *
 * @param methods those whose results are remembered, beside the coefficients handed to `evaluatePolynomial`
 */
export function recordingGroup(
  group: Group,
  methods: readonly Made[],
): { readonly group: Group; left(result: readonly Scalar[]): Scalar[] } {
  const made: Scalar[] = []
  const remember = <Arguments extends unknown[]>(method: (...args: Arguments) => Scalar) => {
    return (...args: Arguments): Scalar => {
      const scalar = method.apply(group, args)
      made.push(scalar)
      return scalar
    }
  }
  const recording: Group = {
    ...group,
    ...Object.fromEntries(methods.map((name) => [name, remember(group[name] as (...args: unknown[]) => Scalar)])),
    evaluatePolynomial(coefficients, xs) {
      made.push(...coefficients)
      return group.evaluatePolynomial(coefficients, xs)
    },
  }
  return {
    group: recording,
    /** Those that are neither wiped nor part of the result. */
    left: (result) => made.filter((scalar) => !result.includes(scalar) && scalar.some((byte) => byte !== 0)),
  }
}
