/** Gives `length` fresh, uniformly random bytes. */
export type RandomSource = (length: number) => Uint8Array

/** The platform's cryptographic random generator (WebCrypto `getRandomValues`, in blocks of at most 65,536 bytes). */
export const systemRandom: RandomSource = (length) => {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i += 65536) globalThis.crypto.getRandomValues(out.subarray(i, i + 65536))
  return out
}
