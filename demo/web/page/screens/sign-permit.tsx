import type { Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

/** What a dishonest site asks for: a signature that gives all tokens away, and costs no gas. */
export function SignPermit({ wallet }: { readonly wallet: Wallet }) {
  const { keys } = useDevice()
  const [signature, setSignature] = useState<string>()
  const signing = useAction()

  const sign = () =>
    signing.run('Signing with the server', async () => {
      setSignature(undefined)
      const { signPermit } = await import('../chains/permit.ts')
      setSignature(await signPermit(keys, wallet.id))
      return 'Signed.'
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void sign()
      }}
    >
      <p>
        A site says “Sign in to get free tokens”. What it asks for is a permit (EIP-712): with it, the site could take
        all USD Coin of this wallet.
      </p>
      <div class="buttons">
        <button type="submit" disabled={signing.isRunning}>
          Sign in on the site
        </button>
      </div>
      <ActionStatus action={signing} />
      {signature && <Copyable label="Signature" text={signature} />}
    </form>
  )
}
