import { MpcError } from '../errors.ts'

/** Another write came first. The key is not repeated: it names a wallet. */
export function conflict(): MpcError {
  return new MpcError('STORAGE_CONFLICT', 'the stored value is not the version that this write replaces')
}

/** The store cannot be used now; `cause` says why. */
export function unavailable(message: string, cause?: unknown): MpcError {
  return new MpcError('STORAGE_UNAVAILABLE', message, { cause })
}

/** What is stored under a key was changed by something else than this store; trying again does not help. */
export function damaged(message: string, cause?: unknown): MpcError {
  return new MpcError('SHARE_PARSING_FAILED', message, { cause })
}
