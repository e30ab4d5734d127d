import { abytes, equalBytes, isBytes, toBase64 } from '../util/bytes.ts'
import { anObject } from './shape.ts'

/**
 * Parameters as JSON, with bytes as `{ base64 }`. The host checks what they are: see parameter-shapes.ts.
 *
 * @returns a copy
 */
export function writeParameters(value: unknown): unknown {
  if (isBytes(value)) return { base64: toBase64(value) }
  if (Array.isArray(value)) return Array.from(value, writeParameters)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, writeParameters(part)]))
}

/** The parameters of `signAll` as they cross: the data of intents once, and in each intent its index. */
export function indexIntents({ walletId, items }: { walletId: unknown; items: readonly object[] }): object {
  const data: Uint8Array[] = []
  const indexOf = (bytes: Uint8Array): number => {
    const at = data.findIndex((other) => other === bytes || equalBytes(other, bytes))
    return at < 0 ? data.push(bytes) - 1 : at
  }
  const crossing = items.map((item) => {
    const { intent } = item as { readonly intent?: { readonly data?: Uint8Array } }
    if (intent === undefined) return item
    const bytes = (anObject(intent, 'intent') as typeof intent).data
    if (bytes === undefined) return item
    return { ...item, intent: { ...intent, data: indexOf(abytes(bytes, undefined, 'data')) } }
  })
  return { walletId, data, items: crossing }
}
