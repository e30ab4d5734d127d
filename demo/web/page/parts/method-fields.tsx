import { useState } from 'preact/hooks'
import { METHOD_NAMES, type MethodChoice, type MethodKind } from '../backup-methods.ts'
import { Choice } from './choice.tsx'
import { Field } from './field.tsx'

/** The method that the user is choosing, and what it needs. */
export interface MethodForm {
  readonly kinds: readonly MethodKind[]
  readonly choice: MethodChoice
  readonly isComplete: boolean
  readonly setKind: (kind: MethodKind) => void
  readonly setSecret: (secret: string) => void
}

/** Those of the names that this page knows, each once. */
export function offeredMethods(names: readonly string[]): MethodKind[] {
  return (Object.keys(METHOD_NAMES) as MethodKind[]).filter((kind) => names.includes(kind))
}

export function useMethodChoice(kinds: readonly MethodKind[]): MethodForm {
  const [kind, setKind] = useState<MethodKind>(kinds[0] ?? 'PASSWORD')
  const [secret, setSecret] = useState('')
  const choice: MethodChoice = { kind, secret }
  return { kinds, choice, isComplete: secret !== '', setKind, setSecret }
}

/** Which method, and what it asks the user for. @param purpose whether a backup is sealed or opened */
export function MethodFields({ method, purpose }: { readonly method: MethodForm; readonly purpose: 'seal' | 'open' }) {
  const { kinds, choice, setKind, setSecret } = method
  return (
    <>
      {kinds.length > 1 && (
        <Choice
          legend="How"
          value={choice.kind}
          onValue={setKind}
          options={kinds.map((kind) => ({ value: kind, label: METHOD_NAMES[kind] }))}
          compact
        />
      )}
      {choice.kind === 'PASSWORD' && (
        <Field
          label="Password"
          isSecret
          autocomplete={purpose === 'seal' ? 'new-password' : 'current-password'}
          value={choice.secret}
          onValue={setSecret}
          hint={purpose === 'seal' ? 'Whoever finds the backup can try passwords: choose a long one.' : ''}
        />
      )}
    </>
  )
}
