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

/**
 * A text of somebody else as it is, but for characters that are not seen or that change the order in which others are shown:
 * they are written as their code, so that no text looks like another.
 */
export const visibleText = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c === '\n' ? c : `‹U+${c.codePointAt(0)!.toString(16).toUpperCase()}›`,
  )
