import type { Address, Chain, EIP1193Provider, Transport } from 'viem'

/** wagmi's events of a connector. */
export interface WagmiEmitter {
  /** Tells wagmi that the connection has changed. */
  emit(event: 'change', data: WagmiChange): void
  /** Tells wagmi that the connection has ended. */
  emit(event: 'disconnect'): void
}

/** What has changed about a connection. */
export interface WagmiChange {
  /** The accounts. */
  accounts?: readonly Address[]
  /** The id of the active chain. */
  chainId?: number
}

/** Where wagmi keeps what outlives the page. */
export interface WagmiStorage {
  /** The value of a key, or null. */
  getItem(key: string): unknown
  /** Sets the value of a key. */
  setItem(key: string, value: unknown): unknown
  /** Removes a key. */
  removeItem(key: string): unknown
}

/** What wagmi gives a connector. */
export interface WagmiConnectorConfig {
  /** The chains of wagmi's configuration. The first is the active one at the start. */
  readonly chains: readonly [Chain, ...Chain[]]
  /** The connector's events. */
  readonly emitter: WagmiEmitter
  /** wagmi's storage, if it has one. */
  readonly storage?: WagmiStorage | null | undefined
  /** The transports of wagmi's configuration, by the chain's id. */
  readonly transports?: Readonly<Record<number, Transport>> | undefined
}

/** Parameters of a connector's `connect`. */
export interface WagmiConnectParameters<WithCapabilities extends boolean> {
  /** The id of the chain to connect to. Default: the one before, or the first. */
  chainId?: number | undefined
  /** Whether the page was loaded again, and the user is to be asked nothing. */
  isReconnecting?: boolean | undefined
  /** Whether the accounts are returned with their capabilities, of which there are none. */
  withCapabilities?: WithCapabilities | boolean | undefined
}

/** An account with its capabilities. */
export interface WagmiCapableAccount {
  /** The account's address. */
  address: Address
  /** Empty. */
  capabilities: Record<string, unknown>
}

/** Result of a connector's `connect`. */
export interface WagmiConnection<WithCapabilities extends boolean> {
  /** The account. */
  accounts: WithCapabilities extends true ? readonly WagmiCapableAccount[] : readonly Address[]
  /** The id of the active chain. */
  chainId: number
}

/** A connector of wagmi (`CreateConnectorFn` of `@wagmi/core` makes one). */
export type WagmiConnector = {
  /** Identifies the connector. */
  readonly id: string
  /** Shown to users. */
  readonly name: string
  /** The kind of connector: `reshare`. */
  readonly type: string
  /** A picture, as a URL. */
  readonly icon?: string
  /** Makes the account, and the provider over it. */
  connect<WithCapabilities extends boolean = false>(
    parameters?: WagmiConnectParameters<WithCapabilities>,
  ): Promise<WagmiConnection<WithCapabilities>>
  /** Takes the account from the provider, which signs nothing afterwards. */
  disconnect(): Promise<void>
  /** The account. */
  getAccounts(): Promise<readonly Address[]>
  /** The id of the active chain. */
  getChainId(): Promise<number>
  /** The provider. */
  getProvider(): Promise<EIP1193Provider>
  /** Whether the user connected before, and the account can be had without asking. */
  isAuthorized(): Promise<boolean>
  /** Makes another chain of wagmi's configuration the active one. */
  switchChain(parameters: { chainId: number }): Promise<Chain>
  /** Passes an event of the provider on. */
  readonly onAccountsChanged: (accounts: string[]) => void
  /** Passes an event of the provider on. */
  readonly onChainChanged: (chainId: string) => void
  /** Passes an event of the provider on. */
  readonly onDisconnect: () => void
}
