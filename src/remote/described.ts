import type { BackupMethod, BackupSource } from '../index.ts'
import { anObject, type Shape, text } from './shape.ts'

/**
 * What the host makes a backup method or a source of backups from: the name of one of its makers, and texts for it, such as
 * `{ type: 'password', password }`. At most 16 texts of 4,096 UTF-16 code units; names are letters and digits.
 */
export interface Description {
  /** The name of the maker, in the host's `methods` or `sources`. */
  readonly type: string
  /** What the maker needs. */
  readonly [field: string]: string | undefined
}

/** Parameters of an action in which methods and sources are described. */
export type Described<P> = P extends unknown ? { [K in keyof P]: DescribedValue<P[K]> } : never

type DescribedValue<V> = V extends BackupMethod | BackupSource ? Description : V

const FIELDS_MAX = 16
const field = text(4096)

/** A {@link Description}, rebuilt. */
export const description: Shape<Description> = (value, name) => {
  const given = Object.entries(anObject(value, name)).filter(([, part]) => part !== undefined)
  const isRight = Object.hasOwn(value as object, 'type') && given.length <= FIELDS_MAX
  if (!isRight || !given.every(([key]) => /^[a-z][a-z0-9]{0,31}$/i.test(key))) {
    throw new TypeError(`${name} must be a type and at most ${FIELDS_MAX - 1} texts with names of letters and digits`)
  }
  return Object.fromEntries(given.map(([key, part]) => [key, field(part, key, true)])) as unknown as Description
}

/** Whether and how a backup is rotated: a boolean, or a {@link Description}. */
export const rotation: Shape<boolean | Description> = (value, name, reading) =>
  typeof value === 'boolean' ? value : description(value, name, reading)
