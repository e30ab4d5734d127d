import type { Wallet } from 'reshare'
import { useState } from 'preact/hooks'
import { Choice } from '../parts/choice.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { SignBitcoin } from './sign-bitcoin.tsx'
import { SignEther } from './sign-ether.tsx'
import { SignPermit } from './sign-permit.tsx'
import { SignSol } from './sign-sol.tsx'
import { SignText } from './sign-text.tsx'

type Kind = 'text' | 'ethereum' | 'solana' | 'bitcoin' | 'permit'

/** Signing, with the server: the device alone cannot. */
export function SignScreen({ wallet }: { readonly wallet: Wallet }) {
  const { ethereum, solana } = useDevice().client.configuration
  const [kind, setKind] = useState<Kind>('text')
  return (
    <>
      <Heading>Sign</Heading>
      <Choice
        legend="What"
        compact
        value={kind}
        onValue={setKind}
        options={[
          { value: 'text', label: 'Text' },
          ...(ethereum ? [{ value: 'ethereum', label: 'Ether' } as const] : []),
          ...(solana ? [{ value: 'solana', label: 'SOL' } as const] : []),
          { value: 'bitcoin', label: 'PSBT' },
          { value: 'permit', label: 'Permit' },
        ]}
      />
      {kind === 'text' && <SignText wallet={wallet} />}
      {kind === 'ethereum' && <SignEther wallet={wallet} />}
      {kind === 'solana' && <SignSol wallet={wallet} />}
      {kind === 'bitcoin' && <SignBitcoin wallet={wallet} />}
      {kind === 'permit' && <SignPermit wallet={wallet} />}
    </>
  )
}
