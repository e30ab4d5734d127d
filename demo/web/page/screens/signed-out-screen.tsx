import { useState } from 'preact/hooks'
import { isMpcError } from 'reshare/errors'
import { emptyDevice } from '../device-store-names.ts'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'

/** A device whose session was ended elsewhere: what it stores signs no more. */
export function SignedOutScreen({
  error,
  walletId,
}: {
  readonly error: unknown
  readonly walletId: string | undefined
}) {
  const { client } = useDevice()
  const [isEmptying, setEmptying] = useState(false)

  async function empty(): Promise<void> {
    setEmptying(true)
    // What is left goes with the store; a revoked device cannot ask the server for anything.
    if (walletId !== undefined && !isMpcError(error, 'DEVICE_REVOKED'))
      await client.remove(walletId).catch(() => undefined)
    emptyDevice(client.configuration)
    location.reload()
  }

  return (
    <>
      <Heading>Signed out</Heading>
      <ErrorMessage error={error} />
      <div class="buttons">
        <button type="button" disabled={isEmptying} onClick={() => void empty()}>
          Empty this device
        </button>
      </div>
    </>
  )
}
