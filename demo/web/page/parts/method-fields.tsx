import { useState } from 'preact/hooks'
import { METHOD_NAMES, type MethodChoice, type MethodKind } from '../method-choice.ts'
import { Choice } from './choice.tsx'
import { Field } from './field.tsx'
import { GuardianParts, GuardianList, type CollectedParts } from './guardian-parts.tsx'
import { MakePasskey } from './make-passkey.tsx'

/** The method that the user is choosing, and what it needs. */
export interface MethodForm {
  readonly kinds: readonly MethodKind[]
  readonly choice: MethodChoice
  readonly secret: string
  readonly account: string
  readonly setKind: (kind: MethodKind) => void
  readonly setSecret: (secret: string) => void
  readonly setAccount: (account: string) => void
  readonly setCollected: (collected: CollectedParts) => void
  /** Forgets what the user has typed. */
  readonly clear: () => void
}

/** Those of the names that this page knows, each once. */
export function offeredMethods(names: readonly string[]): MethodKind[] {
  return (Object.keys(METHOD_NAMES) as MethodKind[]).filter((kind) => names.includes(kind))
}

export function useMethodChoice(kinds: readonly MethodKind[]): MethodForm {
  const [kind, setKind] = useState<MethodKind>(kinds[0] ?? 'PASSWORD')
  const [secret, setSecret] = useState('')
  const [account, setAccount] = useState('alice@example.com')
  const [collected, setCollected] = useState<CollectedParts>({ parts: [], identity: '' })
  const choice = choiceOf(kind, { secret, account, collected })
  return { kinds, choice, secret, account, setKind, setSecret, setAccount, setCollected, clear: () => setSecret('') }
}

function choiceOf(
  kind: MethodKind,
  { secret, account, collected }: { secret: string; account: string; collected: CollectedParts },
): MethodChoice {
  switch (kind) {
    case 'PASSWORD':
      return { kind, secret }
    case 'PASSKEY':
      return { kind }
    case 'GDRIVE':
    case 'ICLOUD':
      return { kind, account }
    case 'CUSTOM':
      return { kind, ...collected }
  }
}

/** Whether the user has given all that the method needs. @param needed how many guardians must have helped */
export function isComplete({ choice }: MethodForm, needed: number): boolean {
  if (choice.kind === 'PASSWORD') return choice.secret !== ''
  if (choice.kind === 'CUSTOM') return choice.parts.length >= needed
  return true
}

interface MethodFieldsProps {
  readonly method: MethodForm
  /** Whether a backup is sealed or opened. */
  readonly purpose: 'seal' | 'open'
  readonly walletId: string
}

/** Which method, and what it asks the user for. */
export function MethodFields({ method, purpose, walletId }: MethodFieldsProps) {
  const { kinds, choice, secret, account, setKind, setSecret, setAccount, setCollected } = method
  return (
    <>
      {kinds.length > 0 && (
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
          value={secret}
          onValue={setSecret}
          hint={purpose === 'seal' ? 'Whoever finds the backup can try passwords: choose a long one.' : ''}
        />
      )}
      {choice.kind === 'PASSKEY' && purpose === 'seal' && <MakePasskey />}
      {choice.kind === 'PASSKEY' && purpose === 'open' && (
        <p class="hint">You are asked for the passkey that sealed it.</p>
      )}
      {(choice.kind === 'GDRIVE' || choice.kind === 'ICLOUD') && (
        <Field
          label={choice.kind === 'GDRIVE' ? 'Google account' : 'Apple Account'}
          value={account}
          onValue={setAccount}
          hint="The cloud is an emulator on this machine: any account will do. Recover with the same one."
        />
      )}
      {choice.kind === 'CUSTOM' && purpose === 'seal' && <GuardianList />}
      {choice.kind === 'CUSTOM' && purpose === 'open' && <GuardianParts walletId={walletId} onParts={setCollected} />}
    </>
  )
}
