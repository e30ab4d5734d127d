import type { FoundWallet } from 'reshare'
import { useState } from 'preact/hooks'
import { GUARDIANS_NEEDED } from '../method-choice.ts'
import { ActionStatus } from '../parts/action-status.tsx'
import { Choice } from '../parts/choice.tsx'
import { Heading } from '../parts/heading.tsx'
import { isComplete, MethodFields, offeredMethods, useMethodChoice } from '../parts/method-fields.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

interface RecoverFormProps {
  readonly found: FoundWallet
  readonly onBack: () => void
}

/** Opens a backup, and says what becomes of the other devices. */
export function RecoverForm({ found, onBack }: RecoverFormProps) {
  const { client, openWallet } = useDevice()
  const [existingSets, setExistingSets] = useState<'keep' | 'retire'>('keep')
  const methods = offeredMethods(found.backups.map(({ method }) => method))
  const method = useMethodChoice(methods)
  const recovering = useAction()

  const recover = () =>
    recovering.run('Recovering the wallet', async (running) => {
      openWallet(await client.recover(found.id, method.choice, existingSets, running))
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void recover()
      }}
    >
      <Heading>Recover from a backup</Heading>
      <MethodFields method={method} purpose="open" walletId={found.id} />
      <Choice
        legend="The other devices"
        value={existingSets}
        onValue={setExistingSets}
        options={[
          { value: 'keep', label: 'Keep them', hint: 'They go on signing beside this one.' },
          { value: 'retire', label: 'They are lost', hint: 'They are signed out, and never sign again.' },
        ]}
      />
      <div class="buttons">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        <button type="submit" disabled={recovering.isRunning || !isComplete(method, GUARDIANS_NEEDED)}>
          Recover
        </button>
      </div>
      <ActionStatus action={recovering} />
    </form>
  )
}
