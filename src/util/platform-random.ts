/**
 * Bytes of the platform's cryptographic random generator (WebCrypto `getRandomValues`, in blocks of at most 65,536 bytes),
 * unchanged. For unique ids. Use `systemRandom` for secrets.
 *
 * @throws {TypeError} if this runtime has no `crypto.getRandomValues`, and the app has loaded none
 */
export function platformRandom(length: number): Uint8Array {
  const { crypto } = globalThis as { readonly crypto?: Partial<Crypto> }
  if (typeof crypto?.getRandomValues !== 'function') {
    throw new TypeError('crypto.getRandomValues is missing: import a polyfill before reshare')
  }
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i += 65536) crypto.getRandomValues(out.subarray(i, i + 65536))
  return out
}
