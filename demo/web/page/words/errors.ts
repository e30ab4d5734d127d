import { isMpcError, type ErrorCode, type MpcError } from 'reshare/errors'
import { denialWords, type Words } from './denials.ts'

/** An error in the user's words: what happened, and what to do. */
export interface Explanation {
  readonly title: string
  readonly advice: string
  /** The code of reshare, for whoever is asked for help. */
  readonly code: string | undefined
}

const MESSAGE_LENGTH = 140

const OFFLINE: Words = ['The server did not respond.', 'Check the connection and try again. Nothing was lost.']
const TRY_AGAIN = 'Try again in a moment. Nothing was lost.'
const NEW_CODE = 'Show a new code on the other device and use that one.'
const RECOVER = 'Recover the wallet from a backup, or add this device again from another one.'

/** STORAGE_UNAVAILABLE that does not pass, such as a browser without passkeys. */
const NO_PLACE: Words = ['This browser or account cannot keep the key.', 'Choose another way. Nothing has changed.']

/** Every code of reshare; a new code without words does not compile. */
const WORDS: Readonly<Record<ErrorCode, Words>> = {
  PASSWORD_REQUIRED: ['A password is needed.', 'Enter the password that you chose for this backup.'],
  WRONG_PASSWORD: ['This is not the password of the backup.', 'Check capital letters and the keyboard, and try again.'],
  BACKUP_CORRUPT: [
    'The backup is damaged.',
    'Recover from another backup, or make a new one on a device that still signs.',
  ],
  BACKUP_OTHER_WALLET: ['This backup belongs to another wallet.', 'Choose a backup of this wallet.'],
  BACKUP_PARTS_MISSING: ['Too few parts of the backup were opened.', 'Ask another guardian, or add another part.'],
  BACKUP_SUPERSEDED: ['This backup was replaced by a newer one.', 'Use the newest backup.'],
  DECRYPT_FAILED: [
    'This does not open the backup.',
    'Choose the method and the account that the backup was made with.',
  ],
  SHARE_PARSING_FAILED: ['What this device has stored of the wallet is damaged.', RECOVER],
  SHARE_NOT_FOUND: ['A part of the wallet is missing.', RECOVER],
  SET_MISMATCH: ['The keys are not those of your wallet.', 'Stop here and ask for help: this should not happen.'],
  SET_RETIRED: ['This device was signed out of the wallet.', RECOVER],
  SET_EXPIRED: [
    'The time for which this device may use the wallet is over.',
    'Ask for it again on the device that has the wallet.',
  ],
  STORAGE_UNAVAILABLE: [
    'The place for the key could not be used.',
    'If a passkey or an account was asked for, agree to it. Then try again. Nothing has changed.',
  ],
  STORAGE_CONFLICT: ['Another window changed this at the same time.', TRY_AGAIN],
  STORAGE_FULL: ['There is no room left to store the key.', 'Make room and try again. Nothing has changed.'],
  WALLET_EXISTS: ['A wallet of this name exists already.', TRY_AGAIN],
  OPERATION_IN_PROGRESS: [
    'Another window is doing something with this wallet.',
    'Wait until it has finished, then try again.',
  ],
  WEBHOOK_FAILED: ['The keeper of the backups did not respond.', TRY_AGAIN],
  AUTH_FAILED: ['The server does not accept this device.', RECOVER],
  DEVICE_REVOKED: [
    'This device was removed from the account.',
    'It cannot sign any more. Empty it here, and add it again as a new device.',
  ],
  POLICY_DENIED: ['This is not allowed.', 'The rules of the app forbid it. Nothing has changed.'],
  RATE_LIMITED: ['This was tried too often.', 'Wait before you try again.'],
  PROTOCOL_ABORTED: [
    'A check failed, so it was stopped.',
    'Nothing was kept. Try again, and ask for help if it happens again.',
  ],
  PREPROCESSING_NOT_FOUND: ['A prepared signature is gone.', TRY_AGAIN],
  OT_POISONED: [
    'Signing is blocked, because a check of an earlier signature failed.',
    'Renew the shares under Safety.',
  ],
  ECDSA_UNAVAILABLE: ['This device cannot sign for Ethereum and Bitcoin.', 'Use another device.'],
  PROTOCOL_VERSION_UNSUPPORTED: ['This app is too old for the server.', 'Update the app.'],
  CHANNEL_FAILED: ['The server could not prove who it is.', 'Do not try again. Update the app, or ask for help.'],
  JOIN_CODE_INVALID: ['This is not the code of a device.', 'Scan the code again, or copy all of it.'],
  JOIN_USED: ['This code was used before, or its time is over.', NEW_CODE],
  JOIN_EXPIRED: ['The other device did not respond in time.', NEW_CODE],
  CLIENT_MOVED: ['Your wallet is being moved to another machine.', TRY_AGAIN],
  JOIN_CANCELLED: ['The other device has stopped.', NEW_CODE],
  NETWORK_ERROR: OFFLINE,
  TIMEOUT: ['It took too long.', TRY_AGAIN],
  ABORTED: ['It was stopped.', 'Nothing was lost. You can begin again.'],
  MALFORMED_RESPONSE: [
    'Something else than the server responded.',
    'Check the connection: a hotel or café network may want a sign-in.',
  ],
  WASM_UNAVAILABLE: ['This browser does not allow WebAssembly.', 'Allow it for this page, or use another browser.'],
  WASM_MISMATCH: ['This page was put together of different versions.', 'Load the page again.'],
  APPROVAL_REQUIRED: ['It has to be approved, or to wait.', 'Approve it on another device, then do the same again.'],
  INTENT_REQUIRED: ['The app wants to know what is signed, and was not told.', 'Nothing was signed. Ask for help.'],
  INTENT_MISMATCH: [
    'What was shown is not what would be signed.',
    'Nothing was signed. Do not try again, and ask for help.',
  ],
  REMOTE_UNAVAILABLE: [
    'The part of this page that holds the wallet does not respond.',
    'Load the page again. Nothing was begun.',
  ],
  REMOTE_FAILED: [
    'The part of this page that holds the wallet has stopped.',
    'Load the page again, and look whether it was done.',
  ],
  REMOTE_DENIED: ['This is not allowed here.', 'Nothing has changed.'],
  OUT_OF_MEMORY: ['There is not enough memory now.', 'Close other windows and try again.'],
  WORKER_FAILED: ['A part of this page has stopped.', 'Load the page again. Nothing was lost.'],
}

/** Explains whatever was thrown. Libraries of chains wrap what their signer throws. */
export function explain(error: unknown): Explanation {
  const known = withCode(error)
  if (known === undefined) {
    const message = shortMessage(error)
    return {
      title: message || 'Something unexpected happened.',
      advice: 'Load the page and try again.',
      code: undefined,
    }
  }
  const [title, advice] = wordsOf(known)
  const wait = known.retryAfterMs === undefined ? '' : ` Try again in ${minutes(known.retryAfterMs)}.`
  return { title, advice: advice + wait, code: known.code }
}

function wordsOf({ code, retryable, denial }: MpcError): Words {
  if (code === 'STORAGE_UNAVAILABLE' && !retryable) return NO_PLACE
  return denial === undefined ? WORDS[code] : denialWords(denial)
}

/** The first line of an error of another library, not all of which are meant for users. */
function shortMessage(error: unknown): string {
  const { shortMessage: short, message } = error as { readonly shortMessage?: string; readonly message?: string }
  const [line = ''] = (short ?? message ?? String(error)).split('\n')
  return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}…` : line
}

/** Whether an error says that this device's part of the wallet has ended. */
export function endsThisDevice(error: unknown): boolean {
  const code = withCode(error)?.code
  return code === 'SET_RETIRED' || code === 'SET_EXPIRED' || code === 'DEVICE_REVOKED'
}

function withCode(error: unknown) {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isMpcError(cause)) return cause
  }
  return undefined
}

function minutes(ms: number): string {
  const count = Math.ceil(ms / 60_000)
  return count === 1 ? 'a minute' : `${count} minutes`
}
