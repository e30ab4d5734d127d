import { ActionStatus } from '../parts/action-status.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

/** A lock on what this device stores: only a passkey opens it. */
export function LockCard() {
  const { client } = useDevice()
  const locking = useAction()
  const turnOn = () =>
    locking.run('Making a passkey and sealing what is stored', async () => {
      await client.turnLockOn()
      location.reload()
    })

  return (
    <section class="card" aria-label="Device lock">
      <h3>Device lock</h3>
      {client.isLocked ? (
        <>
          <p>On. What this device stores of the wallet opens with its passkey alone; you are asked before you sign.</p>
          <button
            type="button"
            class="quiet"
            onClick={() =>
              void locking.run(
                'Locking',
                async () => (await client.lockNow(), 'Locked. You are asked at the next use.'),
              )
            }
          >
            Lock now
          </button>
        </>
      ) : (
        <>
          <p>Off. With it, what this device stores opens with a passkey alone: your fingerprint, face or PIN.</p>
          <button type="button" disabled={locking.isRunning} onClick={() => void turnOn()}>
            Lock with a passkey
          </button>
        </>
      )}
      <ActionStatus action={locking} />
    </section>
  )
}
