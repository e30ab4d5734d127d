import { sha256 } from '@noble/hashes/sha2.js'
import { vi } from 'vitest'

/** What an authenticator answers to one request. */
export type Answer = (request: CredentialRequestOptions) => Promise<unknown>

/** A browser with passkeys, in as much of it as is asked for. */
export function browser(options: {
  get?: Answer
  create?: () => Promise<unknown>
  capabilities?: Record<string, boolean>
}) {
  const get = vi.fn(options.get ?? answering(prf))
  const create = vi.fn(options.create ?? (() => Promise.reject(new Error('not asked for'))))
  const { capabilities } = options
  class PublicKeyCredential {
    static getClientCapabilities = capabilities && (async () => capabilities)
  }
  vi.stubGlobal('PublicKeyCredential', PublicKeyCredential)
  vi.stubGlobal('navigator', { credentials: { get, create } })
  return { get, create }
}

/** A PRF as an authenticator has it: 32 bytes that follow from the input. */
export const prf = (input: Uint8Array): unknown => sha256(input).buffer

export const answering =
  (make: (input: Uint8Array) => unknown, response?: object): Answer =>
  async ({ publicKey }) => {
    const { first, second } = publicKey?.extensions?.prf?.eval as { first: Uint8Array; second?: Uint8Array }
    const results = { first: make(first), ...(second && { second: make(second) }) }
    return { response, getClientExtensionResults: () => ({ prf: { results } }) }
  }

export const failing =
  (name: string): Answer =>
  () =>
    Promise.reject(new DOMException('no', name))
