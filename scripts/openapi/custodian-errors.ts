import type { ErrorTable } from './errors.ts'
import { SERVER_ERRORS } from './server-errors.ts'

/** What the errors of the custodian mean. */
export const CUSTODIAN_ERRORS: ErrorTable = {
  BAD_REQUEST: {
    means: 'the request is malformed, or its content type is not `application/json`; nothing has changed.',
    message: 'setId is not valid',
  },
  AUTH_FAILED: {
    means:
      "no user, another user's or client's path, another webhook secret, or an export of a share that is not there: the same bytes whether or not it exists.",
    message: 'not authorized',
  },
  POLICY_DENIED: { means: 'the export is not authorized.', message: 'the export is not authorized' },
  'POLICY_DENIED unnamed': {
    means: '32 cipherTexts of the user are stored without `setId`.',
    message: 'too many backups are stored here without a setId: send the setId',
  },
  SHARE_NOT_FOUND: { means: 'no matching cipherText is stored.', message: 'no backup is stored here' },
  'SHARE_NOT_FOUND stored': {
    means: 'no custodian share of this set is stored.',
    message: 'no custodian share of this backup is stored here',
  },
  STORAGE_CONFLICT: {
    means: 'another cipherText of this set is stored.',
    message: 'another cipherText of this backup is stored here',
  },
  PROTOCOL_ABORTED: {
    means:
      'no challenge is pending, the export was begun with another request, or the proof is wrong: start another export.',
    message: 'no challenge is pending for this: start another export',
  },
  SHARE_PARSING_FAILED: {
    means: 'what is stored does not open by the master key, or is not a custodian share of this set.',
    message: 'what is stored is not a custodian share of this backup',
  },
  RATE_LIMITED: {
    means: 'too many exports, or locked out; `retryAfterMs` and `retry-after` say when to try again.',
    message: 'too many operations of this kind (export): try again later',
  },
  'INTERNAL failed': SERVER_ERRORS['INTERNAL failed'] as ErrorTable[string],
  'INTERNAL unavailable': SERVER_ERRORS['INTERNAL unavailable'] as ErrorTable[string],
}
