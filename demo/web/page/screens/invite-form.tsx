import type { Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { CodeScanner } from '../parts/code-scanner.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Field } from '../parts/field.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

interface InviteFormProps {
  readonly wallet: Wallet
  readonly onBack: () => void
}

/** Lets another device sign, by the code that it shows. The user compares before. */
export function InviteForm({ wallet, onBack }: InviteFormProps) {
  const { client } = useDevice()
  const [code, setCode] = useState('')
  const [label, setLabel] = useState('My new device')
  const [comparison, setComparison] = useState<string>()
  const [problem, setProblem] = useState<unknown>()
  const inviting = useAction()

  function scanned(text: string): void {
    setCode(text)
    setProblem(undefined)
  }

  async function compare(): Promise<void> {
    try {
      setComparison(await client.comparisonOf(code.trim()))
    } catch (error) {
      setProblem(error)
    }
  }

  const invite = () =>
    inviting.run('Adding the device', async (running) => {
      await client.invite(wallet.id, code.trim(), label, running)
      setCode('')
      return `${label} can sign now.`
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void compare()
      }}
    >
      <Heading>Add a device</Heading>
      <p>On the new device, choose “Add by another device”. Then scan the code that it shows.</p>
      <CodeScanner code={code} onCode={scanned} />
      {problem !== undefined && <ErrorMessage error={problem} />}
      <Field label="Name of the device" value={label} onValue={setLabel} />
      <div class="buttons">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        <button type="submit" disabled={inviting.isRunning || code.trim() === ''}>
          Add the device
        </button>
      </div>
      <ActionStatus action={inviting} />
      {comparison && (
        <ConfirmDialog
          title={`Does the new device show ${comparison}?`}
          confirmLabel="Yes, let it sign"
          isDangerous={false}
          onConfirm={() => void invite()}
          onClose={() => setComparison(undefined)}
        >
          <p>
            If it shows something else, this is the code of another device. The new device can sign as soon as you
            agree.
          </p>
        </ConfirmDialog>
      )}
    </form>
  )
}
