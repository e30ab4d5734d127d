import type { Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Field } from '../parts/field.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

/** A transfer on the Solana chain of this machine. */
export function SignSol({ wallet }: { readonly wallet: Wallet }) {
  const { client, keys } = useDevice()
  const [to, setTo] = useState(client.configuration.solana ?? '')
  const [amount, setAmount] = useState('0.5')
  const [sent, setSent] = useState<string>()
  const sending = useAction()

  const send = () =>
    sending.run('Signing with the server, and sending', async () => {
      setSent(undefined)
      const { sendSol } = await import('../chains/solana.ts')
      setSent(await sendSol(keys, client.configuration, wallet, to, amount))
      return `Sent ${amount} SOL.`
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <Field label="To" value={to} onValue={setTo} />
      <Field
        label="Amount in SOL"
        value={amount}
        onValue={setAmount}
        inputMode="decimal"
        pattern="[0-9]+([.][0-9]{1,9})?"
        hint="It is test SOL of a chain on this machine."
      />
      <div class="buttons">
        <button type="submit" disabled={sending.isRunning}>
          Send SOL
        </button>
      </div>
      <ActionStatus action={sending} />
      {sent && <Copyable label="Transaction" text={sent} />}
    </form>
  )
}
