import { BACKUP_METHODS, type BackupMethodName } from '../types.ts'
import { corrupt } from './failures.ts'

/** One way to open a backup: by so many of these methods. */
export interface BackupChoice {
  /** How many of the methods it takes: 1, or more for `someOf`. */
  readonly needed: number
  /** One name, or for `someOf` the name of each part in its order. */
  readonly methods: readonly BackupMethodName[]
}

export const MAX_PARTS = 16
const NAMES: readonly string[] = BACKUP_METHODS
const NAME_LIST = '[A-Z]+(?:,[A-Z]+)*'

/** What a manifest says: names and `k(names)`, with commas between. */
export const CHOICES = `(?:[A-Z]+|[0-9]+\\(${NAME_LIST}\\))(?:,(?:[A-Z]+|[0-9]+\\(${NAME_LIST}\\)))*`

/** Whether k of n is a sharing: a single one that is enough, or that is all, is none. */
export function isSharing(needed: number, total: number): boolean {
  return Number.isInteger(needed) && needed >= 2 && needed <= total && total <= MAX_PARTS
}

/** Each name once, then what takes several. */
export function encodeChoices(choices: readonly BackupChoice[]): string {
  const texts = choices.map(({ needed, methods }) =>
    needed === 1 ? methods.join(',') : `${needed}(${methods.join(',')})`,
  )
  return [...new Set(texts)].join(',')
}

/**
 * The choices of a manifest.
 *
 * @param text matches {@link CHOICES}
 * @throws {BACKUP_CORRUPT} for an unknown name, a k that is none for its n, or more than one sharing
 */
export function decodeChoices(text: string): readonly BackupChoice[] {
  const choices = [...text.matchAll(/([0-9]+)\(([A-Z,]+)\)|[A-Z]+/g)].map(([name, needed, list]) =>
    needed === undefined
      ? { needed: 1, methods: [name as BackupMethodName] }
      : { needed: Number(needed), methods: (list as string).split(',') as BackupMethodName[] },
  )
  if (!choices.every(({ methods }) => methods.every((name) => NAMES.includes(name)))) {
    throw corrupt('it names a method that is not known')
  }
  const areSharings = choices.every(({ needed, methods }) => needed === 1 || isSharing(needed, methods.length))
  if (!areSharings || encodeChoices(choices) !== text || sharingsOf(choices).length > 1) {
    throw corrupt('its manifest says nothing that can be')
  }
  return choices
}

/** The choices that take several methods. */
export function sharingsOf(choices: readonly BackupChoice[]): readonly BackupChoice[] {
  return choices.filter(({ needed }) => needed > 1)
}

/** The choices as a person reads them. */
export function describeChoices(choices: readonly BackupChoice[]): string {
  return choices
    .map(({ needed, methods }) => (needed === 1 ? methods.join() : `${needed} of (${methods.join(', ')})`))
    .join(' or ')
}
