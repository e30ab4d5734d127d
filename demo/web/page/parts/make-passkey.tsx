import { useAction } from '../state/use-action.ts'
import { ActionStatus } from './action-status.tsx'

/** A passkey for the backup, for a user who has none yet. */
export function MakePasskey() {
  const making = useAction()
  const make = () =>
    making.run('Making a passkey', async () => {
      const { createPasskey } = await import('reshare/backup')
      await createPasskey({ keyName: 'Alice: wallet backup' })
      return 'The passkey is made. You can back up now.'
    })
  return (
    <>
      <p class="hint">
        The backup opens with a passkey of this device or of your password manager. You are asked for it twice: to seal
        the backup, and to prove that it opens.
      </p>
      <div class="buttons">
        <button type="button" class="quiet" disabled={making.isRunning} onClick={() => void make()}>
          Make a passkey
        </button>
      </div>
      <ActionStatus action={making} />
    </>
  )
}
