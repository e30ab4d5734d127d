import type { EIP1193Provider } from 'viem'

import { assertMethods, assertObject } from '../../util/arguments.ts'
import { isText } from './values.ts'

/** How a wallet is shown to users (EIP-6963). */
export interface ProviderInfo {
  /** Shown to users. */
  readonly name: string
  /** A square picture, as a `data:` URL: pages load nothing for it. */
  readonly icon: string
  /** The wallet's domain in reverse order, such as `com.example.wallet`. */
  readonly rdns: string
  /** Identifies this provider as long as the page is open: a UUID, version 4. Default: a new one. */
  readonly uuid?: string
}

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const RDNS = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i

/**
 * Announces a provider to the page that this runs in (EIP-6963), now and whenever the page asks for providers. Every script
 * of the page gets it, so the provider should have an `approve`.
 *
 * @returns a function that ends it
 * @throws {TypeError | RangeError} if the provider or a text is wrong
 * @throws {TypeError} where there is no `window`
 *
 * @example
 * const account = await ethereumAccount(client, { walletId: wallet.id })
 * const provider = ethereumProvider({ account, chain: mainnet, transport: http(), approve: askTheUser })
 * const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>'
 * const stop = announceProvider(provider, { name: 'Example', icon, rdns: 'com.example.wallet' })
 */
export function announceProvider(provider: EIP1193Provider, info: ProviderInfo): () => void {
  assertMethods(provider, ['request', 'on', 'removeListener'], 'provider')
  const { name, icon, rdns, uuid = randomUuid() } = assertObject(info, 'announceProvider')
  if (!isText(name) || name === '') throw new TypeError('name must be text')
  if (!isText(icon) || !icon.startsWith('data:image/')) throw new RangeError('icon must be a data: URL of a picture')
  if (!isText(rdns) || !RDNS.test(rdns)) throw new RangeError('rdns must be a domain in reverse order')
  if (!isText(uuid) || !UUID_4.test(uuid)) throw new RangeError('uuid must be a UUID of version 4')
  const { window } = globalThis as { readonly window?: EventTarget }
  if (window === undefined) throw new TypeError('a provider is announced to the window of a page')

  const detail = Object.freeze({ info: Object.freeze({ uuid, name, icon, rdns }), provider })
  const announce = (): void => {
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  }
  window.addEventListener('eip6963:requestProvider', announce)
  announce()
  return () => window.removeEventListener('eip6963:requestProvider', announce)
}

/** `crypto.randomUUID` is there in secure contexts only. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
