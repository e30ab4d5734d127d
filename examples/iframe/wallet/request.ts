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
    case 'confirmBackup':
      return { title: `${who} says that it keeps the backup, which replaces earlier ones`, details: summary.setId }
    case 'backupWallet':
      return { title: `${who} wants to back up the wallet`, details: summary.walletId }
    case 'sign':
      return { title: `${who} wants a signature by ${summary.scheme} of this`, details: signed(summary) }
    default:
      return { title: `${who} wants ${action}`, details: JSON.stringify(summary) }
  }
}

/** Every field, so that a digest does not look like a message, nor one key like another. */
function signed(summary: object): string {
  return Object.entries(summary)
    .map(([name, value]) => `${name}: ${value instanceof Uint8Array ? textOf(value) : String(value)}`)
    .join('\n')
}

/** Text that is printable ASCII as it is, anything else as hex: other text can look different from what it is. */
function textOf(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes)
  if (/^[\x20-\x7e\n]+$/.test(text)) return `"${text}"`
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
