import { assertObject } from '../../util/arguments.ts'
import type { SolanaWallet } from './standard-types.ts'

/** Where wallets and pages meet: `window`, or another target of events. */
export type RegistrationTarget = Pick<EventTarget, 'addEventListener' | 'dispatchEvent' | 'removeEventListener'>

/** What a page gives to wallets. */
interface Registry {
  register(wallet: SolanaWallet): () => void
}

type RegisterCallback = (registry: Registry) => void

const REGISTER = 'wallet-standard:register-wallet'
const READY = 'wallet-standard:app-ready'

/**
 * Shows a wallet to pages and libraries of wallet-standard: those that are there, and those that come later.
 *
 * @param target default: `window`
 * @returns takes the wallet back: pages forget it
 * @throws {TypeError} if there is no target
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const standard = solanaWallet({ signer, name: 'Example', icon, domain: location.host })
 * const unregister = registerSolanaWallet(standard)
 */
export function registerSolanaWallet(wallet: SolanaWallet, target: RegistrationTarget = globalThis): () => void {
  assertObject(assertObject(wallet, 'wallet').features, 'features')
  if (typeof (target as Partial<RegistrationTarget> | null)?.dispatchEvent !== 'function') {
    throw new TypeError('there is no window: give a target')
  }
  const taken = new Set<() => void>()
  const callback: RegisterCallback = (registry) => {
    taken.add(registry.register(wallet))
  }
  const onReady = (event: Event): void => callback((event as Event & { readonly detail: Registry }).detail)
  target.addEventListener(READY, onReady)
  target.dispatchEvent(new RegisterEvent(callback))
  return () => {
    target.removeEventListener(READY, onReady)
    for (const unregister of taken) unregister()
    taken.clear()
  }
}

/** The event by which a wallet shows itself. No listener can stop it. */
class RegisterEvent extends Event {
  readonly detail: RegisterCallback

  constructor(callback: RegisterCallback) {
    super(REGISTER, { bubbles: false, cancelable: false, composed: false })
    this.detail = callback
  }

  override preventDefault(): never {
    throw new TypeError('preventDefault cannot be called')
  }

  override stopImmediatePropagation(): never {
    throw new TypeError('stopImmediatePropagation cannot be called')
  }

  override stopPropagation(): never {
    throw new TypeError('stopPropagation cannot be called')
  }
}
