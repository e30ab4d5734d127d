import { ActionStatus } from '../parts/action-status.tsx'
import { Copyable } from '../parts/copyable.tsx'
import { ErrorMessage } from '../parts/error-message.tsx'
import { useAction } from '../state/use-action.ts'
import { useLoaded } from '../state/use-loaded.ts'

/** An address on a chain. The balance is null where the chain does not run on this machine. */
export interface Account {
  readonly address: string
  readonly balance: string | null
}

interface AccountCardProps {
  readonly chain: string
  readonly unit: string
  readonly load: () => Promise<Account>
  /** Asks for test money; undefined where there is none. */
  readonly fund: (() => Promise<void>) | undefined
}

/** The wallet's address on a chain, and what is on it. */
export function AccountCard({ chain, unit, load, fund }: AccountCardProps) {
  const account = useLoaded(load)
  const funding = useAction()
  const askForMoney = () =>
    funding.run(`Getting ${unit}`, async () => {
      await fund?.()
      await account.reload()
    })

  return (
    <section class="card" aria-label={chain}>
      <div class="card-line">
        <h3>{chain}</h3>
        {account.value?.balance && (
          <p class="balance">
            {account.value.balance} <small>{unit}</small>
          </p>
        )}
      </div>
      {account.error !== undefined && <ErrorMessage error={account.error} />}
      {account.value && <Copyable label={`${chain} address`} text={account.value.address} />}
      {fund && (
        <button type="button" class="quiet" disabled={funding.isRunning} onClick={() => void askForMoney()}>
          Get 10 {unit}
        </button>
      )}
      <ActionStatus action={funding} />
    </section>
  )
}
