import type { ErrorTable } from './errors.ts'

/** What the errors of the signing server mean. */
export const SERVER_ERRORS: ErrorTable = {
  BAD_REQUEST: { means: 'the request is malformed; nothing has changed.', message: 'not a valid set id' },
  CHANNEL_FAILED: {
    means:
      'the server takes sealed requests only, or an unsealed request would make a set of no device in a wallet with bound sets.',
    message: 'this server answers sealed requests only: connect with sealedTransport',
  },
  'CHANNEL_FAILED sealed': {
    means: 'the request does not open. The same bytes for every cause.',
    message: 'the request does not open',
  },
  PROTOCOL_VERSION_UNSUPPORTED: {
    means: 'the round body begins with a version that this server does not read; nothing has changed.',
    message: 'round bodies are read in version 1, not 2: this server is older',
  },
  'PROTOCOL_VERSION_UNSUPPORTED sealed': {
    means: 'the sealed request begins with a version that this server does not read.',
    message: 'sealed requests are read in version 1, not 2: this server is older',
  },
  AUTH_FAILED: {
    means:
      "no client, or a set, wallet, operation or device that is not the caller's: the same bytes whether or not it exists.",
    message: 'not authorized',
  },
  DEVICE_REVOKED: {
    means: 'the device that sealed the request was revoked.',
    message: 'this device was revoked: recover the wallet on a device with another key',
  },
  POLICY_DENIED: {
    means:
      'the policy denies it, or it would end the last set that is known to work, or a limit on sets is reached, or the set has a scope or an expiry and cannot do this.',
    message: 'the policy denies retire',
  },
  APPROVAL_REQUIRED: {
    means:
      'the policy allows it after an approval or a time, which `approval` says; nothing has changed, and the same request goes on then.',
    message: 'the request needs an approval',
  },
  INTENT_REQUIRED: {
    means: 'the server signs only with an intent that it can check; nothing has changed.',
    message: 'this server signs only with an intent',
  },
  INTENT_MISMATCH: {
    means:
      'the intent of a signature is not valid, or describes something else than what would be signed; nothing has changed.',
    message: 'the ethereumTransaction is not what would be signed',
  },
  PREPROCESSING_NOT_FOUND: {
    means: 'this set has no such preprocessing, or not any more: sign without it.',
    message: 'the server has no such preprocessing',
  },
  SHARE_NOT_FOUND: {
    means: 'the custodian does not have the share of this backup: make a new one.',
    message: 'the custodian has no share of this backup: make a new one',
  },
  OPERATION_IN_PROGRESS: {
    means:
      "another process handles this round, the set's operation is not decided, or it is the other device's turn in a join: ask again.",
    message: 'the operation that makes this set is not decided yet',
  },
  SET_MISMATCH: {
    means:
      'the set belongs to another wallet or has another purpose, or a message is of another set or session; nothing has changed.',
    message: 'the set belongs to another wallet',
  },
  WALLET_EXISTS: { means: 'the client has a wallet with this id.', message: 'the wallet exists' },
  BACKUP_SUPERSEDED: { means: 'the backup set has ended.', message: 'a newer backup has replaced this one' },
  SET_RETIRED: {
    means: 'the signing set has ended.',
    message: 'the signing set is retired; recover again to get a new one',
  },
  SET_EXPIRED: {
    means: "the time of the signing set is over, or that of a set which is to be made, by the server's clock.",
    message: 'the time of the signing set is over; another device can make a new one',
  },
  PROTOCOL_ABORTED: {
    means: 'a check failed, the operation is over, or the round was begun with another message.',
    message: 'the operation was aborted: a check of the protocol failed',
  },
  SHARE_PARSING_FAILED: {
    means: 'a stored share is damaged, or sealed by another master key.',
    message: "the custodian's share does not match the record of this backup",
  },
  OT_POISONED: {
    means: "the set's client was caught cheating: no ECDSA with this set.",
    message: 'the ECDSA setup of this set is poisoned: its client was caught cheating',
  },
  RATE_LIMITED: {
    means: 'too many operations, or locked out; `retryAfterMs` and `retry-after` say when to try again.',
    message: 'too many operations of this kind (sign): try again later',
  },
  WEBHOOK_FAILED: {
    means: 'the custodian did not do its part, or the server has none (then `retryable` is false).',
    message: 'the custodian could not be asked',
  },
  CLIENT_MOVED: {
    means:
      'the client is being moved to another database, or was: the same request goes on there. Nothing has changed.',
    message: 'this client is being moved to another database',
  },
  'INTERNAL failed': { means: 'anything else. The body says nothing more.', message: 'the server failed' },
  'INTERNAL unavailable': {
    means:
      'the database cannot be reached or was too busy, a hook has failed, or the request took too long. The same request may be repeated; it may have been done.',
    message: 'the server cannot answer now',
  },
}

/** The errors of a request whose client was not found out, or not let in. */
export const REFUSED = [
  'BAD_REQUEST',
  'CHANNEL_FAILED',
  'AUTH_FAILED',
  'DEVICE_REVOKED',
  'CLIENT_MOVED',
  'INTERNAL failed',
  'INTERNAL unavailable',
]

/** The errors of one round besides. */
export const ROUND_ERRORS = [
  'PROTOCOL_VERSION_UNSUPPORTED',
  'POLICY_DENIED',
  'APPROVAL_REQUIRED',
  'INTENT_REQUIRED',
  'PREPROCESSING_NOT_FOUND',
  'SHARE_NOT_FOUND',
  'OPERATION_IN_PROGRESS',
  'SET_MISMATCH',
  'INTENT_MISMATCH',
  'WALLET_EXISTS',
  'BACKUP_SUPERSEDED',
  'SET_RETIRED',
  'SET_EXPIRED',
  'PROTOCOL_ABORTED',
  'SHARE_PARSING_FAILED',
  'OT_POISONED',
  'RATE_LIMITED',
  'WEBHOOK_FAILED',
]
