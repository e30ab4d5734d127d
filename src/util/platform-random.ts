/**
 * Bytes of the platform's cryptographic random generator (WebCrypto `getRandomValues`, in blocks of at most 65,536 bytes),
 * unchanged. For unique ids. Use `systemRandom` for secrets.
 */
export function platformRandom(length: number): Uint8Array {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i += 65536) globalThis.crypto.getRandomValues(out.subarray(i, i + 65536))
  return out
}
