import { http, type Address, type Chain, type EIP1193Provider, type LocalAccount, type Transport } from 'viem'

import { assertObject } from '../../util/arguments.ts'
import { EthereumProviderError, PROVIDER_CODES } from '../viem/provider-error.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../viem/provider.ts'
import type { WagmiConnector, WagmiConnectorConfig } from './types.ts'

/** Parameters of {@link wagmiConnector}. */
export interface WagmiConnectorParameters extends Pick<
  EthereumProviderParameters,
  'approve' | 'approvalTimeoutMs' | 'delegates'
> {
  /**
   * Makes the account when the user connects, such as by `ethereumAccount` of `reshare/viem`. When the page is loaded again
   * (`isReconnecting`) it should ask the user nothing. Returns undefined if there is no account.
   */
  readonly account: (options: {
    readonly isReconnecting: boolean
  }) => LocalAccount | undefined | Promise<LocalAccount | undefined>
  /** Identifies the connector, also in wagmi's storage. Default: `reshare`. */
  readonly id?: string
  /** Shown to users. Default: `reshare`. */
  readonly name?: string
  /** A picture, as a URL. */
  readonly icon?: string
}

/** A connected wallet. */
interface Session {
  readonly address: Address
  readonly provider: EIP1193Provider
}

/**
 * A connector for wagmi, over `ethereumProvider` with the chains and transports of wagmi's configuration. Whether the user
 * has connected, and the active chain, are kept in wagmi's storage, so that a page that is loaded again reconnects.
 *
 * @throws {TypeError} if `account`, `id` or `name` is wrong
 *
 * @example
 * const connector = wagmiConnector({ account: () => ethereumAccount(client, { walletId: wallet.id }) })
 */
export function wagmiConnector(options: WagmiConnectorParameters): (config: WagmiConnectorConfig) => WagmiConnector {
  const {
    account: makeAccount,
    id = 'reshare',
    name = 'reshare',
    icon,
    approve,
    approvalTimeoutMs,
    delegates,
  } = assertObject(options, 'wagmiConnector')
  if (typeof makeAccount !== 'function') throw new TypeError('account must be a function')
  if (![id, name].every((text) => typeof text === 'string' && text !== ''))
    throw new TypeError('id and name must be text')
  const key = `${id}.chain`

  return ({ chains, emitter, storage, transports }) => {
    /** The session, from when it is begun to make one until it is disconnected. */
    let session: Promise<Session> | undefined
    let connected: Session | undefined

    const transportOf = (chain: Chain): Transport => transports?.[chain.id] ?? http()

    function open(isReconnecting: boolean): Promise<Session> {
      if (session !== undefined) return session
      const opened = createSession(isReconnecting, () => session === opened)
      session = opened
      opened.catch(() => {
        if (session === opened) session = undefined
      })
      return opened
    }

    async function createSession(isReconnecting: boolean, isWanted: () => boolean): Promise<Session> {
      const account = await makeAccount({ isReconnecting })
      if (account === undefined) throw new EthereumProviderError(PROVIDER_CODES.unauthorized, 'there is no account')
      if (!isWanted()) throw disconnectedMeanwhile()
      const [first, ...others] = chains
      const otherChains = others.map((chain) => ({ chain, transport: transportOf(chain) }))
      const hooks = { approve, approvalTimeoutMs, delegates }
      const provider = ethereumProvider({ account, chain: first, transport: transportOf(first), otherChains, ...hooks })
      provider.on('accountsChanged', connector.onAccountsChanged)
      provider.on('chainChanged', connector.onChainChanged)
      connected = { address: account.address, provider }
      return connected
    }

    async function close(): Promise<void> {
      const closed = connected
      session = undefined
      connected = undefined
      if (closed !== undefined) {
        const { provider } = closed
        provider.removeListener('accountsChanged', connector.onAccountsChanged)
        provider.removeListener('chainChanged', connector.onChainChanged)
        await provider.request({ method: 'wallet_revokePermissions', params: [{ eth_accounts: {} }] })
      }
      await storage?.removeItem(key)
    }

    /** The provider of the session, or of the one before the page was loaded again. */
    async function getProvider(): Promise<EIP1193Provider> {
      if (session === undefined && typeof (await storage?.getItem(key)) !== 'number') {
        throw new EthereumProviderError(PROVIDER_CODES.unauthorized, 'the wallet is not connected')
      }
      return (await open(true)).provider
    }

    const connector: WagmiConnector = {
      id,
      name,
      type: 'reshare',
      ...(icon !== undefined && { icon }),
      connect: async ({ chainId, isReconnecting = false, withCapabilities } = {}) => {
        // A session that is being made without asking the user may fail where one that asks does not.
        if (session !== undefined && !isReconnecting) await session.catch(() => undefined)
        const opened = open(isReconnecting)
        const { address } = await opened
        const last = await storage?.getItem(key)
        const wanted = chainId ?? chains.find(({ id: known }) => known === last)?.id ?? chains[0].id
        await connector.switchChain({ chainId: wanted })
        if (session !== opened) throw disconnectedMeanwhile()
        await storage?.setItem(key, wanted)
        const accounts = withCapabilities === true ? [{ address, capabilities: {} }] : [address]
        return { accounts: accounts as never, chainId: wanted }
      },
      disconnect: close,
      getAccounts: async () => (await getProvider()).request({ method: 'eth_accounts' }),
      getChainId: async () => Number(await (await getProvider()).request({ method: 'eth_chainId' })),
      getProvider,
      isAuthorized: async () => {
        try {
          const provider = await getProvider()
          return (await provider.request({ method: 'eth_accounts' })).length > 0
        } catch {
          return false
        }
      },
      switchChain: async ({ chainId }) => {
        const provider = await getProvider()
        const params = [{ chainId: `0x${chainId.toString(16)}` }] as const
        await provider.request({ method: 'wallet_switchEthereumChain', params: [...params] })
        return chains.find(({ id: known }) => known === chainId) as Chain
      },
      onAccountsChanged: (accounts) => {
        if (accounts.length === 0) return connector.onDisconnect()
        emitter.emit('change', { accounts: accounts as Address[] })
      },
      onChainChanged: (chainId) => {
        void Promise.resolve(storage?.setItem(key, Number(chainId))).catch(() => undefined)
        emitter.emit('change', { chainId: Number(chainId) })
      },
      onDisconnect: () => {
        void close().catch(() => undefined)
        emitter.emit('disconnect')
      },
    }
    return connector
  }
}

function disconnectedMeanwhile(): EthereumProviderError {
  return new EthereumProviderError(PROVIDER_CODES.userRejected, 'the wallet was disconnected meanwhile')
}
