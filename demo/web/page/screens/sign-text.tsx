import type { SignParameters, Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Choice } from '../parts/choice.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Field } from '../parts/field.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { toHex } from '../words/texts.ts'

const SCHEMES = [
  { value: 'ed25519', label: 'Ed25519', hint: 'Solana’s key' },
  { value: 'ecdsa', label: 'ECDSA', hint: 'Ethereum’s key' },
  { value: 'bip340', label: 'BIP 340', hint: 'Bitcoin’s key, Taproot' },
] as const
type Scheme = (typeof SCHEMES)[number]['value']

/** Signs a text, as it is. */
export function SignText({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const [text, setText] = useState('Hello from my wallet')
  const [scheme, setScheme] = useState<Scheme>('ed25519')
  const [signature, setSignature] = useState<string>()
  const signing = useAction()

  const sign = () =>
    signing.run('Signing with the server', async (running) => {
      setSignature(undefined)
      const message = new TextEncoder().encode(text)
      const signed = await client.sign(parametersOf(wallet.id, scheme, message), running)
      setSignature(toHex(signed.signature))
      return 'Signed. The signature was checked against the wallet’s public key.'
    })

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void sign()
      }}
    >
      <Field label="Text" value={text} onValue={setText} />
      <Choice legend="Signature" compact options={SCHEMES} value={scheme} onValue={setScheme} />
      <div class="buttons">
        <button type="submit" disabled={signing.isRunning || text === ''}>
          Sign the text
        </button>
      </div>
      <ActionStatus action={signing} />
      {signature && <Copyable label="Signature" text={signature} />}
    </form>
  )
}

function parametersOf(walletId: string, scheme: Scheme, message: Uint8Array): SignParameters {
  return scheme === 'ecdsa' ? { walletId, scheme, message, hash: 'keccak256' } : { walletId, scheme, message }
}
