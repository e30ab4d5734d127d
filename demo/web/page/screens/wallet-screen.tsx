import type { Wallet } from 'reshare'
import { Copyable } from '../parts/copyable.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { toHex } from '../words/texts.ts'
import { AccountCard } from './account-card.tsx'

/** The wallet's addresses and what is on them. The libraries of the chains are loaded here, not with the page. */
export function WalletScreen({ wallet }: { readonly wallet: Wallet }) {
  const { configuration } = useDevice().client
  const { ethereum, solana } = configuration

  return (
    <>
      <Heading quiet>Your wallet</Heading>
      <AccountCard
        chain="Ethereum"
        unit="test ether"
        load={async () => {
          const chain = await import('../chains/ethereum.ts')
          const address = chain.addressOf(wallet)
          return { address, balance: ethereum && (await chain.balanceOf(ethereum, address)) }
        }}
        fund={ethereum ? async () => (await import('../chains/ethereum.ts')).fund(configuration, wallet) : undefined}
      />
      <AccountCard
        chain="Solana"
        unit="test SOL"
        load={async () => {
          const chain = await import('../chains/solana.ts')
          const address = chain.addressOf(wallet)
          return { address, balance: solana ? await chain.balanceOf(configuration, address) : null }
        }}
        fund={solana ? async () => (await import('../chains/solana.ts')).fund(configuration, wallet) : undefined}
      />
      <AccountCard
        chain="Bitcoin"
        unit=""
        load={async () => ({ address: (await import('../chains/bitcoin.ts')).addressOf(wallet), balance: null })}
        fund={undefined}
      />
      <details class="card">
        <summary>Public keys</summary>
        <Copyable label="secp256k1" text={toHex(wallet.publicKeys.secp256k1)} />
        <Copyable label="ed25519" text={toHex(wallet.publicKeys.ed25519)} />
      </details>
    </>
  )
}
