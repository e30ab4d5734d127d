import { getGroup } from '../curve/index.ts'
import { CURVES } from '../types.ts'

/**
 * Checks, when a server or custodian is created and not at its first request, that this process can run the arithmetic.
 *
 * @throws {Error} where WebAssembly is missing or refused
 */
export function requireArithmetic(): void {
  try {
    for (const curve of CURVES) getGroup(curve)
  } catch (cause) {
    throw new Error(
      'this process has no WebAssembly, or its policy refuses it: nothing of a key can be computed here',
      {
        cause,
      },
    )
  }
}
