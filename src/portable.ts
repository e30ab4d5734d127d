import { provideGroups } from './curve/index.ts'
import { portableGroup } from './curve/portable.ts'
import { portableEcdsa, provideEcdsa } from './protocol/ecdsa/ot/backend.ts'

export { portableEcdsa, portableGroup }

/**
 * Lets reshare go on where a runtime has no WebAssembly (Hermes, iOS Lockdown Mode, a strict content security policy): on
 * JavaScript big integers. Slower by one to two orders of magnitude, and only as constant-time as big integers are. Where
 * there is WebAssembly it changes nothing.
 *
 * Called once, before anything else.
 *
 * @example
 * import { usePortableBackend } from 'reshare/portable'
 * usePortableBackend()
 */
export function usePortableBackend(): void {
  provideGroups(portableGroup)
  provideEcdsa(portableEcdsa)
}
