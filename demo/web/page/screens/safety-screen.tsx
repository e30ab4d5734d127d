import type { Wallet } from 'reshare'
import { ActionStatus } from '../parts/action-status.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { ExportCard } from './export-card.tsx'
import { LockCard } from './lock-card.tsx'

/** What makes the wallet safer on this device. */
export function SafetyScreen({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const renewing = useAction()
  const renew = () =>
    renewing.run('Renewing the shares', async (running) => {
      await client.refresh(wallet.id, running)
      return 'This device and the server have new shares. Copies of the old ones are useless.'
    })

  return (
    <>
      <Heading>Safety</Heading>
      <section class="card" aria-label="Renew the shares">
        <h3>Renew the shares</h3>
        <p>The key and the addresses stay. What somebody may have copied from this device becomes useless.</p>
        <button type="button" disabled={renewing.isRunning} onClick={() => void renew()}>
          Renew
        </button>
        <ActionStatus action={renewing} />
      </section>
      <LockCard />
      <ExportCard wallet={wallet} />
    </>
  )
}
