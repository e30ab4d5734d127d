import { useId } from 'preact/hooks'

interface ChoiceProps<T extends string> {
  readonly legend: string
  readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[]
  readonly value: T
  readonly onValue: (value: T) => void
  readonly compact?: boolean
}

/** One of several: radio buttons, that arrow keys move through. */
export function Choice<T extends string>({ legend, options, value, onValue, compact = false }: ChoiceProps<T>) {
  const name = useId()
  return (
    <fieldset class={compact ? 'choice choice-compact' : 'choice'}>
      <legend>{legend}</legend>
      {options.map(({ value: option, label, hint }) => (
        <label key={option} class="choice-option">
          <input type="radio" name={name} checked={option === value} onChange={() => onValue(option)} />
          <span>
            {label}
            {hint && <small>{hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
