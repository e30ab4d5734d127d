import { MpcError } from '../errors.ts'

/** Another write came first. The message does not contain the key, which names a wallet. */
export function conflict(): MpcError {
  return new MpcError('STORAGE_CONFLICT', 'the stored value is not the version that this write replaces')
}

/** The store cannot be used now. */
export function unavailable(message: string, cause?: unknown): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', message, { cause })
}

/** A stored value was changed by something other than this store. Trying again does not help. */
export function damaged(message: string, cause?: unknown): MpcError {
  return new MpcError('SHARE_PARSING_FAILED', message, { cause })
}
