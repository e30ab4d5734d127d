import type { FoundWallet } from 'reshare'
import { useEffect, useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Heading } from '../parts/heading.tsx'
import { QrCode, saveQrCode } from '../parts/qr-code.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

interface JoinFormProps {
  readonly found: FoundWallet
  readonly onBack: () => void
}

/** Shows a code that a device with the wallet scans. It works once, for ten minutes. */
export function JoinForm({ found, onBack }: JoinFormProps) {
  const { client, openWallet } = useDevice()
  const [code, setCode] = useState<{ readonly text: string; readonly comparison: string }>()
  const joining = useAction()
  const saving = useAction()

  const begin = () =>
    joining.run('Waiting for the other device', async (running) => {
      const { code: shown, done } = await client.join(found, running)
      setCode({ text: shown, comparison: await client.comparisonOf(shown) })
      openWallet(await done.finally(() => setCode(undefined)))
    })
  useEffect(() => void begin(), [])

  return (
    <>
      <Heading>Add this device</Heading>
      {code && (
        <>
          <p>On a device that has the wallet, open Devices, then “Add a device”, and scan this code.</p>
          <QrCode text={code.text} label="Code of this device" />
          <p>
            The other device must show <strong class="fingerprint">{code.comparison}</strong>
          </p>
          <Copyable label="Code" text={code.text} />
          <p class="hint">
            Show it to your own device only: whoever scans it first decides which wallet this device gets.
          </p>
          <ActionStatus action={saving} />
        </>
      )}
      <div class="buttons">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        {code ? (
          <button
            type="button"
            class="quiet"
            onClick={() => void saving.run('Saving', () => saveQrCode(code.text, 'device.png'))}
          >
            Save as a picture
          </button>
        ) : (
          <button type="button" disabled={joining.isRunning} onClick={() => void begin()}>
            Show a new code
          </button>
        )}
      </div>
      <ActionStatus action={joining} />
    </>
  )
}
