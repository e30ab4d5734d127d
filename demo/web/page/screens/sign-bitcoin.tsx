import type { Wallet } from 'reshare'
import { useId, useState } from 'preact/hooks'
import type { PsbtSummary } from '../chains/bitcoin.ts'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

/** A PSBT: what it does is shown, then it is signed. It is not sent: there is no Bitcoin network on this machine. */
export function SignBitcoin({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const [psbt, setPsbt] = useState('')
  const [summary, setSummary] = useState<PsbtSummary>()
  const [signed, setSigned] = useState<string>()
  const signing = useAction()
  const id = useId()

  function change(text: string): void {
    setPsbt(text)
    setSummary(undefined)
    setSigned(undefined)
  }
  const makeSample = () =>
    signing.run('Making a PSBT', async () => {
      const { samplePsbt } = await import('../chains/bitcoin.ts')
      change(await samplePsbt(client.keys, wallet))
    })
  const read = () =>
    signing.run('Reading the PSBT', async () => {
      const { summaryOf } = await import('../chains/bitcoin.ts')
      setSummary(summaryOf(psbt))
    })
  const sign = () =>
    signing.run('Signing with the server', async () => {
      const { signPsbt } = await import('../chains/bitcoin.ts')
      setSigned(await signPsbt(client.keys, wallet, psbt))
      return 'Signed. There is no Bitcoin network on this machine, so it is not sent.'
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void (summary ? sign() : read())
      }}
    >
      <div class="field">
        <label for={id}>PSBT in base64</label>
        <textarea
          id={id}
          value={psbt}
          spellcheck={false}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      </div>
      {summary && (
        <section class="card" aria-label="What it does">
          <ul class="list">
            {summary.outputs.map(({ address, amount }) => (
              <li key={address}>
                <span>{amount} bitcoin to</span> <code>{address}</code>
              </li>
            ))}
            <li>Fee: {summary.fee} bitcoin</li>
          </ul>
        </section>
      )}
      <div class="buttons">
        <button type="button" class="quiet" disabled={signing.isRunning} onClick={() => void makeSample()}>
          Make a sample
        </button>
        <button type="submit" disabled={signing.isRunning || psbt.trim() === ''}>
          {summary ? 'Sign the PSBT' : 'Show what it does'}
        </button>
      </div>
      <ActionStatus action={signing} />
      {signed && <Copyable label="Signed transaction" text={signed} />}
    </form>
  )
}
