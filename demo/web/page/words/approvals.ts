import type { Approval, Json } from 'reshare'
import type { SignedWords } from './signed/signed-words.ts'
import { dateText, visibleText } from './texts.ts'

/** What a request asks for, in words. What is not known here is shown as the server says it. */
export function approvalWords({ action, details }: Approval): SignedWords {
  const text = messageOf(details)
  if (action === 'sign' && text !== undefined) {
    return { title: 'Sign a message for Ethereum', rows: [{ label: 'Message', value: visibleText(text) }] }
  }
  if (action === 'recover') {
    const { label, existingSets } = details
    return {
      title: 'Recover the wallet on a new device',
      rows: [
        { label: 'Its name for itself', value: typeof label === 'string' ? visibleText(label) : 'none' },
        { label: 'The other devices', value: existingSets === 'retire' ? 'are signed out' : 'go on signing' },
      ],
      warning: 'If this is not you, somebody else has your backup. Deny it.',
    }
  }
  return { title: visibleText(action), rows: [{ label: 'Details', value: visibleText(JSON.stringify(details)) }] }
}

/** What the request waits for. */
export function waitWords({ mayApprove, approver, readyAt, state }: Approval): string {
  if (mayApprove) return 'Another device asks for it.'
  if (approver !== null) return 'It waits until another device approves it.'
  return state === 'READY' || readyAt === null
    ? 'Its time has come: it goes on unless it is denied now.'
    : `It goes on at ${dateText(readyAt)}, unless it is denied.`
}

/** The text of a message for Ethereum; undefined for everything else. */
function messageOf({ intent }: Approval['details']): string | undefined {
  if (!isRecord(intent) || intent['kind'] !== 'ethereumMessage') return undefined
  return typeof intent['text'] === 'string' ? intent['text'] : undefined
}

function isRecord(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
