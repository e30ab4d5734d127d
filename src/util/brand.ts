/**
 * Marks a class, so that {@link hasBrand} recognises its objects. Unlike `instanceof`, this works with a second copy of this
 * package in the same program, across realms (frames, `node:vm`, Jest), and after minification.
 */
export function brand(made: { readonly prototype: object }, name: string): void {
  Object.defineProperty(made.prototype, keyOf(name), { value: true })
}

/** Whether a value is an object of a class with this brand, or of a subclass. False for an object that cannot be read. */
export function hasBrand(value: unknown, name: string): boolean {
  return read(value, keyOf(name)) === true
}

/** The `name` of an error of any realm, or of any other thrown value. Undefined if it has none. */
export function errorName(error: unknown): string | undefined {
  const name = read(error, 'name')
  return typeof name === 'string' ? name : undefined
}

/** The `message` of an error of any realm, or of any other thrown value. Undefined if it has none. */
export function errorMessage(error: unknown): string | undefined {
  const message = read(error, 'message')
  return typeof message === 'string' ? message : undefined
}

/** Whether this is a `TypeError` or `RangeError` of any realm. */
export function isArgumentError(error: unknown): boolean {
  const name = errorName(error)
  return name === 'TypeError' || name === 'RangeError'
}

/** Whether this is a `DOMException` of any realm. */
export function isDomException(error: unknown): boolean {
  return read(error, Symbol.toStringTag) === 'DOMException'
}

/** Whether this is a `Date` of any realm. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

const keyOf = (name: string): symbol => Symbol.for(`reshare.${name}`)

/** Reads a property of a thrown value, which may be anything: a proxy, or an object whose getters throw. */
function read(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return (value as Record<PropertyKey, unknown>)[key]
  } catch {
    return undefined
  }
}
