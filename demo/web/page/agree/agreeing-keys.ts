import type { KeyRequest, KeySource, WalletKeys } from 'reshare'
import type { SignedWords } from '../words/signed/signed-words.ts'
import { wordsOfSignature, type AskedSignature } from './decode-intent.ts'

/** Shows what would be signed. It resolves if the user agrees, and throws if not. */
export type Agree = (signatures: readonly SignedWords[]) => Promise<void>

/** The keys of a client, which sign nothing that the user has not seen in words and agreed to. For the adapters of chains. */
export function agreeingKeys(source: KeySource, agree: Agree): KeySource {
  return { walletKeys: (walletId) => agreeing(source.walletKeys(walletId), agree) }
}

function agreeing(keys: WalletKeys, agree: Agree): WalletKeys {
  async function ask(requests: readonly KeyRequest[]): Promise<void> {
    const words = await Promise.all(requests.map((request) => wordsOfSignature(keys, askedOf(request))))
    await agree(withoutRepetitions(words))
  }
  return {
    getPublicKey: (curve, path) => keys.getPublicKey(curve, path),
    // Copies, so that nobody changes what is signed while the user reads.
    async signEcdsa(request) {
      const copy = { ...request, digest: request.digest.slice() }
      await ask([{ kind: 'ecdsa', ...copy }])
      return keys.signEcdsa(copy)
    },
    async signTaproot(request) {
      const copy = { ...request, message: request.message.slice() }
      await ask([{ kind: 'taproot', ...copy }])
      return keys.signTaproot(copy)
    },
    async signEd25519(request) {
      const copy = { ...request, message: request.message.slice() }
      await ask([{ kind: 'ed25519', ...copy }])
      return keys.signEd25519(copy)
    },
    async signAll(requests, options) {
      const copies = requests.map(copyOf)
      await ask(copies)
      return keys.signAll(copies, options)
    },
  }
}

function copyOf(request: KeyRequest): KeyRequest {
  if (request.kind === 'ecdsa') return { ...request, digest: request.digest.slice() }
  return { ...request, message: request.message.slice() }
}

function askedOf(request: KeyRequest): AskedSignature {
  const { path, intent } = request
  switch (request.kind) {
    case 'ecdsa':
      return { scheme: 'ecdsa', message: request.digest, path, intent }
    case 'taproot':
      return { scheme: 'bip340', message: request.message, path, intent }
    case 'ed25519':
      return { scheme: 'ed25519', message: request.message, path, intent }
  }
}

/** Each input of a Bitcoin transaction is signed by itself, and shows the same transaction. */
function withoutRepetitions(words: readonly SignedWords[]): readonly SignedWords[] {
  return [...new Map(words.map((one) => [JSON.stringify(one), one])).values()]
}
