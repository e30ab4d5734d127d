import type { Wallet } from 'reshare'
import { useId, useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

/** Signs a PSBT. It is not sent: there is no Bitcoin network on this machine. */
export function SignBitcoin({ wallet }: { readonly wallet: Wallet }) {
  const { keys } = useDevice()
  const [psbt, setPsbt] = useState('')
  const [signed, setSigned] = useState<string>()
  const signing = useAction()
  const id = useId()

  function change(text: string): void {
    setPsbt(text)
    setSigned(undefined)
  }
  const makeSample = () =>
    signing.run('Making a PSBT', async () => {
      const { samplePsbt } = await import('../chains/bitcoin.ts')
      change(await samplePsbt(keys, wallet))
    })
  const sign = () =>
    signing.run('Signing with the server', async () => {
      const { signPsbt } = await import('../chains/bitcoin.ts')
      setSigned(await signPsbt(keys, wallet, psbt))
      return 'Signed. There is no Bitcoin network on this machine, so it is not sent.'
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void sign()
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
      <div class="buttons">
        <button type="button" class="quiet" disabled={signing.isRunning} onClick={() => void makeSample()}>
          Make a sample
        </button>
        <button type="submit" disabled={signing.isRunning || psbt.trim() === ''}>
          Sign the PSBT
        </button>
      </div>
      <ActionStatus action={signing} />
      {signed && <Copyable label="Signed transaction" text={signed} />}
    </form>
  )
}
