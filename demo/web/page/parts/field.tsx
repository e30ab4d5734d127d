import type { PartialInputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onValue: (value: string) => void
  /** What it should be, in a sentence. */
  readonly hint?: string
  readonly isSecret?: boolean
  readonly isRequired?: boolean
  readonly autocomplete?: 'new-password' | 'current-password' | 'off'
  readonly inputMode?: 'text' | 'decimal'
  /** A regular expression that the value must match. */
  readonly pattern?: string
}

/** One line of text with its label and, below it, what it should be. */
export function Field({ label, value, onValue, hint, isSecret = false, isRequired = true, ...rest }: FieldProps) {
  const id = useId()
  const attributes: Omit<PartialInputHTMLAttributes<HTMLInputElement>, 'role' | 'type'> = {
    ...rest,
    id,
    value,
    required: isRequired,
    spellcheck: false,
    onInput: (event) => onValue(event.currentTarget.value),
    ...(hint && { 'aria-describedby': `${id}-hint` }),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isSecret ? <input {...attributes} type="password" /> : <input {...attributes} type="text" />}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
