import type { Address } from 'viem'

import { EthereumProviderError, PROVIDER_CODES, refuseParams } from './provider-error.ts'
import type { ProviderEvents } from './provider-events.ts'
import { object } from './rpc-values.ts'

/** Whether a page may see and use the account. */
export interface Permissions {
  /** The account, or nothing after it was revoked. */
  accounts(): readonly Address[]
  /** Gives the page the account again. */
  connect(): readonly Address[]
  /** @throws {EthereumProviderError} 4100 if the page has no account */
  expectConnected(): void
  /** Responds to `wallet_getPermissions`, `wallet_requestPermissions` (EIP-2255) or `wallet_revokePermissions`. */
  request(method: PermissionMethod, params: readonly unknown[]): unknown
}

const METHODS = ['wallet_getPermissions', 'wallet_requestPermissions', 'wallet_revokePermissions'] as const

/** A method about permissions. */
export type PermissionMethod = (typeof METHODS)[number]

/** Whether a method is about permissions. */
export function isPermissionMethod(method: string): method is PermissionMethod {
  return (METHODS as readonly string[]).includes(method)
}

/**
 * Creates the permissions of a provider. There is one, `eth_accounts`, and it is given from the start. Emits
 * `accountsChanged` when it is revoked and when it is given again.
 */
export function createPermissions(address: Address, events: ProviderEvents): Permissions {
  let connected = true

  const accounts = (): Address[] => (connected ? [address] : [])

  function set(wanted: boolean): void {
    if (wanted === connected) return
    connected = wanted
    events.emit('accountsChanged', accounts())
  }

  function list(): readonly object[] {
    if (!connected) return []
    const { location } = globalThis as { location?: { origin?: string } }
    const caveats = [{ type: 'restrictReturnedAccounts', value: [address] }]
    return [{ invoker: location?.origin ?? '', parentCapability: 'eth_accounts', caveats }]
  }

  return {
    accounts,
    connect: () => {
      set(true)
      return accounts()
    },
    expectConnected: () => {
      if (connected) return
      throw new EthereumProviderError(
        PROVIDER_CODES.unauthorized,
        'the page is not connected: eth_requestAccounts first',
      )
    },
    request: (method, params) => {
      switch (method) {
        case 'wallet_getPermissions':
          return list()
        case 'wallet_requestPermissions':
          expectAccounts(params[0])
          set(true)
          return list()
        case 'wallet_revokePermissions':
          expectAccounts(params[0])
          set(false)
          return null
      }
    },
  }
}

function expectAccounts(parameter: unknown): void {
  const names = Object.keys(object(parameter, 'the parameter'))
  const unknown = names.find((name) => name !== 'eth_accounts')
  if (unknown !== undefined) refuseParams(`there is no permission ${unknown.slice(0, 80)}`)
  if (names.length === 0) refuseParams('the only permission is eth_accounts')
}
