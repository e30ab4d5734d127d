import type { Address, Chain, EIP1193Provider, Transport } from 'viem'

/** What wagmi gives a connector. */
export interface WagmiConnectorConfig {
  /** The chains of wagmi's configuration. The first is the active one at the start. */
  readonly chains: readonly [Chain, ...Chain[]]
  /** wagmi's events of this connector. */
  readonly emitter: {
    emit(event: 'change', data: { accounts?: readonly Address[]; chainId?: number }): void
    emit(event: 'disconnect'): void
  }
  /** Where wagmi keeps what outlives the page. */
  readonly storage?:
    | {
        getItem(key: string): unknown
        setItem(key: string, value: unknown): unknown
        removeItem(key: string): unknown
      }
    | null
    | undefined
  /** The transports of wagmi's configuration, by the chain's id. */
  readonly transports?: Readonly<Record<number, Transport>> | undefined
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
  connect<withCapabilities extends boolean = false>(parameters?: {
    chainId?: number | undefined
    isReconnecting?: boolean | undefined
    withCapabilities?: withCapabilities | boolean | undefined
  }): Promise<{
    accounts: withCapabilities extends true
      ? readonly { address: Address; capabilities: Record<string, unknown> }[]
      : readonly Address[]
    chainId: number
  }>
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
