import { numberToHex, type Chain, type Hex, type LocalAccount, type Transport } from 'viem'

import { assertObject } from '../../util/arguments.ts'
import { isUnreachable, toProviderError } from './provider-error.ts'
import type { ProviderEvents } from './provider-events.ts'
import { connectNode, type Node } from './send-transaction.ts'

/** A chain, and how to reach its node. */
export interface EthereumChain {
  /** The chain, as viem describes it. */
  readonly chain: Chain
  /** The transport to the chain's node, such as viem's `http()`. */
  readonly transport: Transport
}

/** A chain of a provider. */
export interface ConnectedChain {
  readonly id: number
  /** The id in hex, as JSON-RPC has it. */
  readonly hexId: Hex
  readonly node: Node
  /** Runs this after all that was given before has ended: transactions get their nonces one after the other. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}

/** The chains of a provider, one of which is active. */
export interface ProviderChains {
  readonly active: ConnectedChain
  readonly all: readonly ConnectedChain[]
  /** Whether the node of any chain could be reached at the last request. */
  readonly isReachable: boolean
  find(id: number): ConnectedChain | undefined
  /** Makes a chain the active one. Emits `chainChanged` if another one was. */
  activate(chain: ConnectedChain): void
  /** Adds a chain, unless one with its id is known. */
  add(entry: EthereumChain): ConnectedChain
}

/**
 * Creates the chains of a provider. The first is active. Emits `connect` when the first node is reached, and `disconnect`
 * when none is reached any more.
 *
 * @throws {TypeError | RangeError} if an entry is wrong, or two have the same id
 */
export function createChains(
  account: LocalAccount,
  entries: readonly [EthereumChain, ...EthereumChain[]],
  events: ProviderEvents,
): ProviderChains {
  const known = new Map<number, ConnectedChain>()
  const reached = new Set<number>()

  function connect({ chain, transport }: EthereumChain): ConnectedChain {
    const hexId = numberToHex(chain.id)
    const onSuccess = (): void => {
      if (reached.size === 0) events.emit('connect', { chainId: hexId })
      reached.add(chain.id)
    }
    const onFailure = (error: unknown): void => {
      if (!isUnreachable(error)) return onSuccess()
      const wasReached = reached.delete(chain.id)
      if (wasReached && reached.size === 0) events.emit('disconnect', toProviderError(error) as never)
    }
    const node = connectNode(account, chain, observed(transport, onSuccess, onFailure))
    return { id: chain.id, hexId, node, inTurn: createTurns() }
  }

  function add(entry: EthereumChain): ConnectedChain {
    const chain = known.get(entry.chain.id) ?? connect(entry)
    known.set(chain.id, chain)
    return chain
  }

  for (const entry of entries) {
    expectChain(entry)
    if (known.has(entry.chain.id)) throw new RangeError(`the chain ${entry.chain.id} is there twice`)
    add(entry)
  }
  let active = known.get(entries[0].chain.id) as ConnectedChain

  return {
    get active() {
      return active
    },
    get all() {
      return [...known.values()]
    },
    get isReachable() {
      return reached.size > 0
    },
    find: (id) => known.get(id),
    activate: (chain) => {
      if (chain.id === active.id) return
      active = chain
      events.emit('chainChanged', chain.hexId)
    },
    add,
  }
}

/** @throws {TypeError | RangeError} unless it is a chain of viem, with a transport */
export function expectChain({ chain, transport }: EthereumChain): void {
  assertObject(chain, 'chain')
  if (!Number.isSafeInteger(chain.id) || chain.id < 1) throw new RangeError('chain.id must be a positive integer')
  if (typeof transport !== 'function') throw new TypeError("transport must be one of viem's")
}

function createTurns(): ConnectedChain['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}

/** Wraps a transport to learn whether it reaches the node. */
function observed(transport: Transport, onSuccess: () => void, onFailure: (error: unknown) => void): Transport {
  return (options) => {
    const inner = transport(options)
    const request = async (...args: Parameters<typeof inner.request>): Promise<unknown> => {
      try {
        const result: unknown = await inner.request(...args)
        onSuccess()
        return result
      } catch (error) {
        onFailure(error)
        throw error
      }
    }
    return { ...inner, request: request as typeof inner.request }
  }
}
