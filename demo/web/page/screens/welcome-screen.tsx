import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { dateText } from '../words/texts.ts'
import { JoinForm } from './join-form.tsx'
import { RecoverForm } from './recover-form.tsx'

/** A device without a wallet: it makes one, or gets the user's. */
export function WelcomeScreen({ problem }: { readonly problem: unknown }) {
  const { client, openWallet } = useDevice()
  const [way, setWay] = useState<'recover' | 'join'>()
  const found = useLoaded(() => client.find(), 5_000)
  const creating = useAction()
  const known = found.value?.at(-1)

  const create = () =>
    creating.run('Creating the wallet', async (running) => {
      const wallet = await client.generate(running)
      performance.mark('reshare: first wallet')
      openWallet(wallet)
    })

  if (known && way === 'recover') return <RecoverForm found={known} onBack={() => setWay(undefined)} />
  if (known && way === 'join') return <JoinForm found={known} onBack={() => setWay(undefined)} />
  return (
    <>
      <Heading quiet>{known ? 'Your wallet is on another device' : 'No wallet yet'}</Heading>
      {problem !== undefined && <ErrorMessage error={problem} />}
      {found.error !== undefined && found.value === undefined && <ErrorMessage error={found.error} />}
      {known ? (
        <>
          <p>
            Alice’s wallet was made on {dateText(known.createdAt)} and is used by{' '}
            {deviceCount(known.signingSets.length)}. Bring it to this device:
          </p>
          <div class="buttons buttons-stacked">
            <button type="button" onClick={() => setWay('join')}>
              Add by another device
            </button>
            <button type="button" class="quiet" disabled={known.backups.length === 0} onClick={() => setWay('recover')}>
              Recover from a backup
            </button>
          </div>
          {known.backups.length === 0 && <p class="hint">There is no backup yet: make one on the other device.</p>}
        </>
      ) : (
        <>
          <p>
            This device and the server make a wallet together. Each keeps a part; the private key is never in one place.
          </p>
          <div class="buttons buttons-stacked">
            <button
              type="button"
              disabled={creating.isRunning || found.value === undefined}
              onClick={() => void create()}
            >
              Create a wallet
            </button>
          </div>
        </>
      )}
      <ActionStatus action={creating} />
    </>
  )
}

function deviceCount(count: number): string {
  return count === 1 ? 'one device' : `${count} devices`
}
