import { getGroup } from '../curve/index.ts'
import { CURVES } from '../types.ts'

/**
 * Finds out when a server or custodian is made, and not by its first request, that this process cannot compute.
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
