/**
 * Copies a value through JSON. Functions and symbols are left out, proxies become plain objects, and a `bigint` becomes its
 * decimal digits.
 *
 * @throws {TypeError} if it refers to itself, or a part of it cannot be read
 */
export function copyJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
  return text === undefined ? undefined : (JSON.parse(text) as unknown)
}

/**
 * Parses JSON whose numbers are all safe integers.
 *
 * @throws {SyntaxError} if it is not JSON
 * @throws {RangeError} if JavaScript cannot represent a number exactly
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g)) {
    if (token.startsWith('"')) continue
    if (!/^-?\d+$/.test(token) || !Number.isSafeInteger(Number(token))) {
      throw new RangeError(`the number ${token.slice(0, 80)} is not exact in JavaScript: write it as text`)
    }
  }
  return value
}

/** Freezes a JSON value and all of its parts. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  Object.values(value).forEach(freezeJson)
  return Object.freeze(value)
}
