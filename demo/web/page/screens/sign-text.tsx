import type { KeySource, Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { ActionStatus } from '../parts/action-status.tsx'
import { Choice } from '../parts/choice.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { Field } from '../parts/field.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'

const SCHEMES = [
  { value: 'ed25519', label: 'Ed25519', hint: 'Solana’s key' },
  { value: 'ecdsa', label: 'ECDSA', hint: 'Ethereum’s key (EIP-191)' },
  { value: 'bip340', label: 'BIP 340', hint: 'Bitcoin’s key, Taproot (BIP 322)' },
] as const
type Scheme = (typeof SCHEMES)[number]['value']

/** Signs a text as a message of a chain, so that its signature can never be one of a transaction. */
export function SignText({ wallet }: { readonly wallet: Wallet }) {
  const { keys } = useDevice()
  const [text, setText] = useState('Hello from my wallet')
  const [scheme, setScheme] = useState<Scheme>('ed25519')
  const [signature, setSignature] = useState<string>()
  const signing = useAction()

  const sign = () =>
    signing.run('Signing with the server', async () => {
      setSignature(undefined)
      setSignature(await signText(keys, wallet, scheme, text))
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

/** @returns the signature as the chain's wallets write it */
async function signText(keys: KeySource, wallet: Wallet, scheme: Scheme, text: string): Promise<string> {
  switch (scheme) {
    case 'ed25519':
      return (await import('../chains/solana.ts')).signText(keys, wallet, text)
    case 'ecdsa':
      return (await import('../chains/ethereum.ts')).signText(keys, wallet.id, text)
    case 'bip340':
      return (await import('../chains/bitcoin.ts')).signText(keys, wallet, text)
  }
}
