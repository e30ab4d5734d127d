import { useState } from 'preact/hooks'

/** A text that is too long to type, with a button that copies it. */
export function Copyable({ label, text }: { readonly label: string; readonly text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  return (
    <div class="copyable" role="group" aria-label={label}>
      <span class="copyable-label" aria-hidden="true">
        {label}
      </span>
      <code>{text}</code>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
