// The wallet behind wagmi's connector: its client, and what the user is asked.
import { createClient, generateWallet, listWallets, resume, type Client } from 'reshare'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'
import { ethereumAccount, type Approve, type EthereumAccount } from 'reshare/viem'
import { wagmiConnector } from 'reshare/wagmi'
import { formatEther, hexToString, type Hex } from 'viem'

/** What your app's backend tells its user. */
export interface Settings {
  /** Of the signing server. */
  readonly url: string
  readonly token: string
  /** Of a node of the chain. */
  readonly rpc: string
}

/** wagmi's connector of this device's wallet. */
export function walletConnector({ url, token }: Settings) {
  const client = createClient({
    transport: httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) }),
    storage: indexedDbStore('wagmi-example'),
  })
  return wagmiConnector({
    id: 'wagmi-example',
    name: 'This device',
    account: ({ isReconnecting }) => accountOf(client, isReconnecting),
    approve,
  })
}

/** The account of the wallet on this device. At the user's first click, a new one: an app offers to recover it, too. */
async function accountOf(client: Client, isReconnecting: boolean): Promise<EthereumAccount | undefined> {
  await resume(client)
  const [wallet] = await listWallets(client)
  if (wallet === undefined && isReconnecting) return undefined
  const { id } = wallet ?? (await generateWallet(client))
  return ethereumAccount(client, { walletId: id })
}

/** Asked before every signature. An app has a dialog of its own. */
const approve: Approve = ({ method, params }) => {
  const [first] = params as [unknown]
  if (method === 'personal_sign') return confirm(`Sign this text?\n\n${hexToString(first as Hex)}`)
  if (method !== 'eth_sendTransaction') return false
  const { to, value = '0x0' } = first as { to?: string; value?: Hex }
  return confirm(`Send ${formatEther(BigInt(value))} ether to ${to ?? 'a new contract'}?`)
}
