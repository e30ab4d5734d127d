import { utf8 } from '../util/bytes.ts'
import { createHasher } from '../util/tagged-hash.ts'
import type { SetLimits } from './set-limits.ts'

const hash = createHasher('wallet', 'operation')

/**
 * The limits that a request asks for, as the `binding` that all participants hash into the context of a reshare: parties
 * that know of other limits reject each other's messages.
 *
 * @returns 32 bytes; undefined for a set without limits
 */
export function limitsBinding({ scope, expiresAt }: SetLimits): Uint8Array | undefined {
  if (scope === undefined && expiresAt === undefined) return undefined
  return hash('limits', utf8(scope ?? ''), utf8(expiresAt ?? ''))
}
