import type { ServerContext } from '../context.ts'

/**
 * The hash of a request as this server stores it, and a comparison with one that was stored under any of its master keys.
 */
export interface RequestHash {
  readonly bytes: Uint8Array
  matches(this: void, stored: Uint8Array): boolean
}

/**
 * A keyed hash of a request's bytes, by which a repeated request is recognized. With a plain hash, somebody who reads the
 * database could verify guesses of an export's authorization.
 */
export function hashRequest({ sealer }: ServerContext, body: Uint8Array): RequestHash {
  return { bytes: sealer.fingerprint(body), matches: (stored) => sealer.isFingerprint(stored, body) }
}
