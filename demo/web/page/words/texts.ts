/** A date as people read it. */
export function dateText(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))

/** @throws {DOMException} if it is not base64 */
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0))
