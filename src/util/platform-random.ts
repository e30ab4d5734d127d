/**
 * Bytes of the platform's cryptographic random generator (WebCrypto `getRandomValues`, in blocks of at most 65,536 bytes),
 * as they are. For names that must be unlike others; what secrets are made of is drawn by `systemRandom`.
 */
export function platformRandom(length: number): Uint8Array {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i += 65536) globalThis.crypto.getRandomValues(out.subarray(i, i + 65536))
  return out
}
