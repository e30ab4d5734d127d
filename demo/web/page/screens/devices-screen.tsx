import type { ListedDevice, Wallet, WalletSet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { ApprovalsCard } from './approvals-card.tsx'
import { InviteForm } from './invite-form.tsx'
import { dateText } from '../words/texts.ts'

/** What the user is about to end. */
type Asked =
  { readonly kind: 'session'; readonly set: WalletSet } | { readonly kind: 'device'; readonly device: ListedDevice }

/** The devices that sign for this wallet, and their sessions. */
export function DevicesScreen({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const [asked, setAsked] = useState<Asked>()
  const [isInviting, setInviting] = useState(false)
  const ending = useAction()
  const loaded = useLoaded(async () => {
    const [devices, sets] = await Promise.all([client.devices(), client.sets(wallet.id)])
    const ownId = sets.find(({ thisDevice }) => thisDevice)?.deviceId
    return { devices, sessions: sets.filter(({ purpose }) => purpose === 'signing'), ownId }
  })

  const end = (what: Asked) =>
    ending.run(what.kind === 'session' ? 'Ending the session' : 'Removing the device', async () => {
      if (what.kind === 'session') await client.endSession(wallet.id, what.set.setId)
      else await client.revoke(what.device.deviceId!)
      await loaded.reload()
      return what.kind === 'session' ? 'The session has ended.' : 'The device was removed: it never signs again.'
    })

  if (isInviting) return <InviteForm wallet={wallet} onBack={() => (setInviting(false), void loaded.reload())} />
  return (
    <>
      <Heading>Devices</Heading>
      {client.isLocked && <ApprovalsCard />}
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => setInviting(true)}>
          Add a device
        </button>
      </div>
      {loaded.error !== undefined && <ErrorMessage error={loaded.error} />}
      <ActionStatus action={ending} />
      {loaded.value?.devices.map((device) => (
        <DeviceCard
          key={device.deviceId}
          device={device}
          sessions={loaded.value!.sessions.filter(({ deviceId }) => deviceId === device.deviceId)}
          isOwn={device.deviceId === loaded.value!.ownId}
          isBusy={ending.isRunning}
          onAsk={setAsked}
        />
      ))}
      {asked && (
        <ConfirmDialog
          title={asked.kind === 'session' ? 'End this session?' : `Remove ${asked.device.label || 'this device'}?`}
          confirmLabel={asked.kind === 'session' ? 'End the session' : 'Remove the device'}
          onConfirm={() => void end(asked)}
          onClose={() => setAsked(undefined)}
        >
          <p>
            {asked.kind === 'session'
              ? 'The device loses this wallet. It may get it again from a backup or another device.'
              : 'The server never talks to this device again, and destroys its part of all sessions of it. Do this when a device is lost.'}
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

interface DeviceCardProps {
  readonly device: ListedDevice
  readonly sessions: readonly WalletSet[]
  readonly isOwn: boolean
  readonly isBusy: boolean
  readonly onAsk: (asked: Asked) => void
}

const STATES: Readonly<Record<WalletSet['state'], string>> = {
  PREPARED: 'being made',
  ACTIVE: 'signs',
  RETIRING: 'ending',
  DESTROYED: 'ended',
  ABORTED: 'not made',
}

function DeviceCard({ device, sessions, isOwn, isBusy, onAsk }: DeviceCardProps) {
  const { label, lastUsedAt, revokedAt } = device
  const name = label || 'A device without a name'
  return (
    <section class="card" aria-label={name}>
      <h3>
        {name} {isOwn && <span class="badge">this device</span>}
        {revokedAt !== null && <span class="badge badge-ended">removed</span>}
      </h3>
      <p class="hint">Used on {dateText(lastUsedAt)}</p>
      <ul class="list">
        {sessions.map((set) => (
          <li key={set.setId}>
            <span>
              Session of {dateText(set.createdAt)}{' '}
              <span class={`badge badge-${set.state.toLowerCase()}`}>{STATES[set.state]}</span>
            </span>
            {set.state === 'ACTIVE' && (
              <button
                type="button"
                class="quiet"
                disabled={isBusy}
                aria-label={`End the session of ${name}`}
                onClick={() => onAsk({ kind: 'session', set })}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {revokedAt === null && !isOwn && device.deviceId !== null && (
        <button type="button" class="quiet danger" disabled={isBusy} onClick={() => onAsk({ kind: 'device', device })}>
          Remove {name}
        </button>
      )}
    </section>
  )
}
