import type { Json } from '../index.ts'
import { abytes, fromBase64, isHex, toBase64 } from '../util/bytes.ts'

/**
 * Rebuilds a value from its allowed parts: from the program into JSON, or (`reading`) from JSON into the program. Nothing
 * that it does not name gets through, and no object is passed on. Bytes are base64 in JSON.
 *
 * @param name of the value, for errors
 * @throws {TypeError | RangeError} if the value is not of this shape. The message does not contain the value.
 */
export type Shape<T> = (value: unknown, name: string, reading: boolean) => T

/** JSON that another shape reads later. */
export const anything: Shape<unknown> = (value) => value

/** Any JSON. */
export const json: Shape<Json> = (value, name, reading) => {
  if (Array.isArray(value)) return Array.from(value, (entry: unknown) => json(entry, name, reading))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, json(part, name, reading)]))
  }
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value as Json
  throw new TypeError(`${name} must be JSON`)
}

/** A value of one JavaScript type, with a condition. */
function primitive<T>(type: string, isRight: (value: never) => boolean, expected: string): Shape<T> {
  return (value, name) => {
    if (typeof value === type && isRight(value as never)) return value as T
    throw new (typeof value === type ? RangeError : TypeError)(`${name} must be ${expected}`)
  }
}

/** A string of at most `most` UTF-16 code units. */
export const text = <T extends string = string>(most: number): Shape<T> =>
  primitive('string', ({ length }: string) => length <= most, `a string of at most ${most} UTF-16 code units`)

/**
 * A string that a dialog can show as it is: letters, digits and what ids, paths and times have besides. No words, line breaks or
 * marks that turn the direction of a text.
 */
export const name = <T extends string = string>(most: number): Shape<T> =>
  primitive(
    'string',
    (value: string) => value.length <= most && /^[\w./':-]*$/.test(value),
    `at most ${most} letters, digits or any of . / ' : - _`,
  )

/** Bytes in lower-case hex. */
export const hex = (length: number): Shape<string> =>
  primitive('string', (value) => isHex(value, length), `${length} bytes in lower-case hex`)

/** One of a few strings. */
export const oneOf = <T extends string>(values: readonly T[]): Shape<T> =>
  primitive('string', (value) => values.includes(value), values.join(' or '))

/** A whole number. */
export const whole = <T extends number = number>(least: number, most: number): Shape<T> =>
  primitive(
    'number',
    (value) => Number.isInteger(value) && value >= least && value <= most,
    `a whole number from ${least} to ${most}`,
  )

/** A number from 0 to 1. */
export const fraction: Shape<number> = primitive('number', (value) => value >= 0 && value <= 1, 'a number from 0 to 1')

export const flag: Shape<boolean> = primitive('boolean', () => true, 'true or false')

/** Bytes, copied. */
export function bytes(least: number, most: number): Shape<Uint8Array> {
  const encoded = text(4 * Math.ceil(most / 3))
  return (value, name, reading) => {
    const made = reading ? fromBase64(encoded(value, name, true)) : abytes(value, undefined, name)
    if (made.length < least || made.length > most) throw new RangeError(`${name} must be ${least} to ${most} bytes`)
    return reading ? made : (toBase64(made) as never)
  }
}

/** Bytes of parameters, as {@link writeParameters} marks them: a text is never taken for bytes. */
export function markedBytes(most: number): Shape<Uint8Array> {
  const marked = object<{ base64: Uint8Array }>({ base64: bytes(0, most) })
  return (value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'base64')) {
      throw new TypeError(`${name} must be bytes`)
    }
    return marked(value, name, true).base64
  }
}

/** What may be null. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (value, name, reading) => (value === null ? null : shape(value, name, reading))
}

/** What may be missing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, name, reading) => (value === undefined ? undefined : shape(value, name, reading))
}

/** A list of at most `most` entries. */
export function list<T>(shape: Shape<T>, most: number): Shape<T[]> {
  return (value, name, reading) => {
    if (!Array.isArray(value)) throw new TypeError(`${name} must be a list`)
    if (value.length > most) throw new RangeError(`${name} must have at most ${most} entries`)
    return Array.from(value, (entry: unknown) => shape(entry, name, reading))
  }
}

/** @throws {TypeError} if it is not an object */
export function anObject(value: unknown, name: string): object {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object`)
  return value
}

/** The shape of each field of an object; a type with an optional field wants one for it too. */
export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> }

/** An object with these fields. Others are left out. */
export function object<T extends object>(fields: Fields<T>): Shape<T> {
  return (value, name, reading) => {
    const given = anObject(value, name) as T
    const made: Partial<T> = {}
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const part = !reading || Object.hasOwn(given, key) ? given[key] : undefined
      const rebuilt = fields[key](part, key, reading)
      if (rebuilt !== undefined) made[key] = rebuilt
    }
    return made as T
  }
}
