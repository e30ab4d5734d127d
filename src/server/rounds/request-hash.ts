import type { ServerContext } from '../context.ts'

/**
 * The hash of a request as this server stores it, and whether one stored under another of its master keys is the same.
 */
export interface RequestHash {
  readonly bytes: Uint8Array
  matches(this: void, stored: Uint8Array): boolean
}

/**
 * What stands for the bytes of a request, so that only the same request gets the same answer. A plain hash would be a
 * check value for guesses at the authorisation of an export.
 */
export function hashRequest({ sealer }: ServerContext, body: Uint8Array): RequestHash {
  return { bytes: sealer.fingerprint(body), matches: (stored) => sealer.isFingerprint(stored, body) }
}
