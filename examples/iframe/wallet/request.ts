import type { ApprovalRequest } from 'reshare/remote/serve'

/** What a user reads before they agree. */
export interface Description {
  readonly title: string
  readonly details: string
}

/** An action in the user's words. What it signs is shown whole, as text if it is text. */
export function describeRequest({ action, summary, origin }: ApprovalRequest): Description {
  const who = origin ?? 'The app'
  switch (action) {
    case 'generateWallet':
      return { title: `${who} wants to create a wallet`, details: '' }
    case 'backupWallet':
      return { title: `${who} wants to back up the wallet`, details: summary.walletId }
    case 'sign':
      return { title: `${who} wants a signature by ${summary.scheme} of this`, details: signed(summary) }
    default:
      return { title: `${who} wants ${action}`, details: JSON.stringify(summary) }
  }
}

function signed(summary: object): string {
  const bytes = 'message' in summary ? summary.message : 'digest' in summary ? summary.digest : undefined
  if (!(bytes instanceof Uint8Array)) return JSON.stringify(summary)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // Text that looks different from what it is, such as text that runs backwards, is shown as bytes.
    if (/^[\x20-\x7e\n]*$/.test(text)) return text
  } catch {
    // It is no text.
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
