/** What happened, and what to do. */
export type Words = readonly [title: string, advice: string]

/** Reasons for POLICY_DENIED, as the server says them, and in the user's words. */
const REASONS: readonly (readonly [reason: string, words: Words])[] = [
  [
    'more than it allows in this time',
    ['This is more than you may pay in an hour.', 'Pay less, or wait. Nothing was signed.'],
  ],
  [
    'was denied, or not approved in time',
    ['Another device has stopped it, or nobody has approved it.', 'Nothing has changed.'],
  ],
  [
    'policy denies sign',
    ['The rules of the app do not allow this signature.', 'Nothing was signed, and nothing is lost.'],
  ],
]

/** @returns undefined for a reason that is not known */
export const denialWords = (message: string): Words | undefined =>
  REASONS.find(([reason]) => message.includes(reason))?.[1]
