import { checkText, SETTING } from '../util/text.ts'

/**
 * An environment variable of the program.
 *
 * @returns undefined if it is not set
 * @throws {Error} if it is set to nothing: whoever did that meant something, and no value says what
 * @throws {RangeError} if it is no line of text, such as one that was read from a file with its end of line
 */
export function setting(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name]
  if (value === undefined) return undefined
  if (value === '') throw new Error(`${name} is empty: give it a value, or do not set it`)
  return checkText(value, SETTING, name)
}

/**
 * A whole number among the environment variables.
 *
 * @throws {RangeError} unless it is written in decimal digits, from `least` to `most`
 */
export function numberSetting(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  unlessGiven: number,
  [least, most]: readonly [number, number],
): number {
  const text = setting(env, name)
  if (text === undefined) return unlessGiven
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new RangeError(`${name} must be a number from ${least} to ${most}`)
}

/**
 * Values with commas between them, none of them empty.
 *
 * @throws {Error} if one is empty
 */
export function listSetting(env: Readonly<Record<string, string | undefined>>, name: string): readonly string[] {
  const values = setting(env, name)?.split(',') ?? []
  if (values.every((value) => value.trim() === value && value !== '')) return values
  throw new Error(`${name} must be values with a comma between them, and no spaces`)
}
