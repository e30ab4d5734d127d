/**
 * Asserts an object of named parameters.
 *
 * @throws {TypeError} if it is not an object
 */
export function assertObject<T extends object>(value: T, name: string): T {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} takes an object of parameters`)
  return value
}

/**
 * Asserts an object with these methods.
 *
 * @throws {TypeError} if it is not an object, or lacks one of them
 */
export function assertMethods<T extends object>(value: T, methods: readonly (keyof T & string)[], name: string): T {
  for (const method of methods) {
    if (typeof value !== 'object' || value === null || typeof value[method] !== 'function') {
      throw new TypeError(`${name} must have the method ${method}`)
    }
  }
  return value
}
