import type { Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import type { SentEther } from '../chains/ethereum.ts'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Field } from '../parts/field.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

const RECIPIENT = '0x000000000000000000000000000000000000dEaD'

/** A transfer on the Ethereum chain of this machine. */
export function SignEther({ wallet }: { readonly wallet: Wallet }) {
  const { client, keys } = useDevice()
  const [to, setTo] = useState(RECIPIENT)
  const [amount, setAmount] = useState('0.5')
  const [sent, setSent] = useState<SentEther>()
  const sending = useAction()

  const send = () =>
    sending.run('Signing with the server, and sending', async () => {
      setSent(undefined)
      const { sendEther } = await import('../chains/ethereum.ts')
      const transfer = await sendEther(keys, client.configuration.ethereum!, wallet.id, to, amount)
      setSent(transfer)
      return `Sent ${amount} ether, in block ${transfer.block}.`
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
        label="Amount in ether"
        value={amount}
        onValue={setAmount}
        inputMode="decimal"
        pattern="[0-9]+([.][0-9]{1,18})?"
        hint="It is test ether of a chain on this machine."
      />
      <div class="buttons">
        <button type="submit" disabled={sending.isRunning}>
          Send ether
        </button>
      </div>
      <ActionStatus action={sending} />
      {sent && <Copyable label="Transaction" text={sent.hash} />}
    </form>
  )
}
