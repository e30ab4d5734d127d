import type { Wallet } from 'reshare'
import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { Heading } from '../parts/heading.tsx'
import { useDevice } from '../state/device-context.ts'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'
import { toHex } from '../words/texts.ts'

/** The wallet's addresses and what is on them. */
export function WalletScreen({ wallet }: { readonly wallet: Wallet }) {
  const { client } = useDevice()
  const { ethereum } = client.configuration
  const funding = useAction()
  const accounts = useLoaded(async () => {
    const chains = await import('../chains/ethereum.ts')
    const address = chains.addressOf(wallet)
    return { address, balance: ethereum && (await chains.balanceOf(ethereum, address)) }
  })

  const fund = () =>
    funding.run('Getting test ether', async () => {
      const chains = await import('../chains/ethereum.ts')
      await chains.fund(client.configuration, wallet)
      await accounts.reload()
    })

  return (
    <>
      <Heading quiet>Your wallet</Heading>
      <section class="card" aria-label="Ethereum">
        <h3>Ethereum</h3>
        {accounts.error !== undefined && <ErrorMessage error={accounts.error} />}
        {accounts.value && (
          <>
            {ethereum && (
              <p class="balance">
                {accounts.value.balance} <small>test ether</small>
              </p>
            )}
            <Copyable label="Address" text={accounts.value.address} />
          </>
        )}
        {ethereum ? (
          <button type="button" class="quiet" disabled={funding.isRunning} onClick={() => void fund()}>
            Get 10 test ether
          </button>
        ) : (
          <p class="hint">There is no Ethereum chain on this machine.</p>
        )}
        <ActionStatus action={funding} />
      </section>
      <details class="card">
        <summary>Public keys</summary>
        <Copyable label="secp256k1" text={toHex(wallet.publicKeys.secp256k1)} />
        <Copyable label="ed25519" text={toHex(wallet.publicKeys.ed25519)} />
      </details>
    </>
  )
}
