import { generateX25519Identity } from 'age-encryption'

// WebKitGTK refuses private X25519 keys that begin with a zero byte, one in 256 (bugs.webkit.org 307095). age imports
// keys into WebCrypto, so there such an identity opens nothing, and sealing fails where its ephemeral key is one.

/** How often a sealing begins anew, each time with fresh ephemeral keys: all would fail once in 2^32. */
export const EPHEMERAL_KEY_ATTEMPTS = 4

/** An age X25519 identity that every runtime can use. */
export async function generateUsableX25519Identity(): Promise<string> {
  for (;;) {
    const identity = await generateX25519Identity()
    if (!beginsWithZeroByte(identity)) return identity
  }
}

/** In bech32 the first byte is one character and the upper three bits of the next: `q`, then `q`, `p`, `z` or `r`. */
function beginsWithZeroByte(identity: string): boolean {
  return /^AGE-SECRET-KEY-1Q[QPZR]/.test(identity)
}

/** Whether WebCrypto refused to import a key. */
export function isRefusedKey(error: unknown): boolean {
  return (error as { name?: unknown } | undefined)?.name === 'DataError'
}
