import type { Curve, Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Choice } from '../parts/choice.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Field } from '../parts/field.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { toHex } from '../words/texts.ts'

const CURVES = [
  { value: 'secp256k1', label: 'secp256k1', hint: 'Ethereum, Bitcoin' },
  { value: 'ed25519', label: 'ed25519', hint: 'Solana' },
] as const

/** What the user types before a private key is put together. */
const WORD = 'EXPORT'

/** Takes a private key out of the wallet, behind a confirmation. */
export function ExportCard({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const [curve, setCurve] = useState<Curve>('secp256k1')
  const [isAsking, setAsking] = useState(false)
  const [typed, setTyped] = useState('')
  const [key, setKey] = useState<string>()
  const exporting = useAction()

  function close(): void {
    setAsking(false)
    setTyped('')
  }
  const take = () =>
    exporting.run('Putting the private key together', async () => {
      const { privateKey } = await client.exportKey(wallet.id, curve)
      setKey(toHex(privateKey))
      privateKey.fill(0)
    })

  return (
    <section class="card" aria-label="Take the private key out">
      <h3>Take the private key out</h3>
      <p>From then on the key is in one place: whoever has it can sign alone, for ever.</p>
      <Choice legend="Key" compact options={CURVES} value={curve} onValue={setCurve} />
      {key ? (
        <>
          <Copyable label="Private key" text={key} />
          <button type="button" class="quiet" onClick={() => setKey(undefined)}>
            Hide the private key
          </button>
        </>
      ) : (
        <button type="button" class="quiet danger" disabled={exporting.isRunning} onClick={() => setAsking(true)}>
          Export
        </button>
      )}
      <ActionStatus action={exporting} />
      {isAsking && (
        <ConfirmDialog
          title="Take the private key out?"
          confirmLabel="Show the private key"
          isReady={typed === WORD}
          onConfirm={() => void take()}
          onClose={close}
        >
          <p>Nobody can undo this. To be safe again, you would have to move everything to a new wallet.</p>
          <Field label={`Type ${WORD} to go on`} value={typed} onValue={setTyped} autocomplete="off" />
        </ConfirmDialog>
      )}
    </section>
  )
}
