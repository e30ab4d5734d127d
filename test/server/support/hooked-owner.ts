import { beforeEach } from 'vitest'
import type { Server, ServerOptions } from '../../../src/server/index.ts'
import { codeOf, type Answer } from '../../support/server-client.ts'
import { fileOwner, type FileOwner } from './file-owner.ts'

/** So short that a test may wait for it, and never too short: what is waited for never comes. */
export const HOOK_MS = 20
/** The status of a response when a hook has failed. */
export const FAILED = [503, 'INTERNAL']

export const status = ({ status, body }: Answer) => [status, status === 200 ? 'OK' : codeOf({ status, body })]

/**
 * An owner that the tests of a file share, and servers whose hooks have little time.
 *
 * @param take gets the owner before the first test
 */
export function hookedOwner(take: (owner: FileOwner) => void) {
  let made: FileOwner
  fileOwner((owner) => take((made = owner)))
  beforeEach(() => {
    made.world.errors.length = 0
  })
  return {
    server: (options: Partial<ServerOptions> = {}) =>
      made.world.server({
        ...options,
        limits: { rates: null, hookMs: HOOK_MS, custodianMs: HOOK_MS, ...options.limits },
      }),
    owner: (...servers: Server[]) => made.world.client(servers, made.clientId),
    /** The messages of what `onError` was called with since the last time. */
    told: () => made.world.errors.splice(0).map((error) => (error as Error | undefined)?.message),
  }
}
