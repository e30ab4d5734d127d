import type { EIP1193EventMap, EIP1193Events } from 'viem'

type EventName = keyof EIP1193EventMap
type Listener = (...args: readonly unknown[]) => void

/** The events of a provider. */
export interface ProviderEvents {
  /** For applications. */
  readonly listeners: EIP1193Events
  /** For the provider. */
  emit<T extends EventName>(event: T, ...args: Parameters<EIP1193EventMap[T]>): void
}

/**
 * Creates the events of a provider (EIP-1193, "Events"). Each listener is called in its own microtask. An error that it
 * throws is reported by the runtime, and does not affect a request.
 */
export function createProviderEvents(): ProviderEvents {
  const called = new Map<EventName, Set<Listener>>()
  return {
    listeners: {
      on: (event, listener) => {
        called.set(event, (called.get(event) ?? new Set()).add(listener as Listener))
      },
      removeListener: (event, listener) => {
        called.get(event)?.delete(listener as Listener)
      },
    },
    emit: (event, ...args) => {
      for (const listener of called.get(event) ?? []) queueMicrotask(() => listener(...args))
    },
  }
}
