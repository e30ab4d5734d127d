import type { Wallet } from 'reshare'
import { METHOD_NAMES, type MethodKind } from '../method-choice.ts'
import { ActionStatus } from '../parts/action-status.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Heading } from '../parts/heading.tsx'
import { isComplete, MethodFields, useMethodChoice } from '../parts/method-fields.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { dateText } from '../words/texts.ts'

const KINDS = Object.keys(METHOD_NAMES) as MethodKind[]

/** The backups that would recover the wallet now, and how another one is made. */
export function BackupScreen({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const method = useMethodChoice(KINDS)
  const backingUp = useAction()
  const backups = useLoaded(async () => (await client.find()).find(({ id }) => id === wallet.id)?.backups ?? [])
  // What is below the list comes with it: a button that moves is missed.
  const isLoaded = backups.value !== undefined || backups.error !== undefined

  const backUp = () =>
    backingUp.run('Backing up', async (running) => {
      await client.backUp(wallet.id, method.choice, running)
      method.clear()
      await backups.reload()
      return 'The backup is made. It was opened once more to be sure that it works.'
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void backUp()
      }}
    >
      <Heading>Backup</Heading>
      {backups.error !== undefined && <ErrorMessage error={backups.error} />}
      {backups.value?.length === 0 && <p>There is no backup yet. Without one, a lost device is a lost wallet.</p>}
      {backups.value && backups.value.length > 0 && (
        <ul class="list" aria-label="Backups">
          {backups.value.map(({ setId, method, createdAt, confirmedAt }) => (
            <li key={setId}>
              <strong>{METHOD_NAMES[method]}</strong>
              <small>
                {dateText(createdAt)}
                {confirmedAt === null && ', not confirmed'}
              </small>
            </li>
          ))}
        </ul>
      )}
      {isLoaded && (
        <>
          <MethodFields method={method} purpose="seal" walletId={wallet.id} />
          <div class="buttons">
            <button type="submit" disabled={backingUp.isRunning || !isComplete(method, 0)}>
              Back up
            </button>
          </div>
        </>
      )}
      <ActionStatus action={backingUp} />
    </form>
  )
}
