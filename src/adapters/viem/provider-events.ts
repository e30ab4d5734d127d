import type { EIP1193EventMap, EIP1193Events } from 'viem'

type EventName = keyof EIP1193EventMap
type Listener = (...args: readonly unknown[]) => void

/** The listeners of a provider (EIP-1193 "Events"). */
export interface ProviderEvents extends EIP1193Events {
  emit<T extends EventName>(event: T, ...args: Parameters<EIP1193EventMap[T]>): void
}

/** Listeners are called in a turn of their own: what one throws is reported, and harms no request. */
export function createProviderEvents(): ProviderEvents {
  const listeners = new Map<EventName, Set<Listener>>()
  return {
    on: (event, listener) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener as Listener))
    },
    removeListener: (event, listener) => {
      listeners.get(event)?.delete(listener as Listener)
    },
    emit: (event, ...args) => {
      for (const listener of listeners.get(event) ?? []) queueMicrotask(() => listener(...args))
    },
  }
}
