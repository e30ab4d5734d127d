import type { EIP1193EventMap, EIP1193Events } from 'viem'

type EventName = keyof EIP1193EventMap
type Listener = (...args: readonly unknown[]) => void

/** What applications see of the events, and what the provider does. */
export interface ProviderEvents {
  readonly listeners: EIP1193Events
  emit<T extends EventName>(event: T, ...args: Parameters<EIP1193EventMap[T]>): void
}

/**
 * The events of a provider (EIP-1193 "Events"). Listeners are called in a turn of their own: what one throws is
 * reported, and harms no request.
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
