import { readFileSync } from 'node:fs'
import { listSetting, numberSetting, setting } from './settings.ts'

const { env } = process

/** The variables that may be in a file, whose path is in a variable that ends in `_FILE`. */
const IN_FILES: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'RESHARE_MASTER_KEY',
  'RESHARE_PREVIOUS_MASTER_KEYS',
  'RESHARE_CHANNEL_KEY',
  'RESHARE_WEBHOOK_SECRET',
  'RESHARE_EVENTS_SECRET',
  'RESHARE_METRICS_TOKEN',
  'RESHARE_TARGET_DATABASE_URL',
  'RESHARE_TARGET_MASTER_KEY',
])

/**
 * An environment variable of the program, or what is in the file that it names.
 *
 * @throws {Error} if it is empty, is not one line, its file cannot be read, or both are given
 */
export function given(name: string): string | undefined {
  const path = IN_FILES.has(name) ? setting(env, `${name}_FILE`) : undefined
  if (path === undefined) return setting(env, name)
  if (env[name] !== undefined) throw new Error(`${name} and ${name}_FILE are both set`)
  return setting({ [name]: readSecret(name, path) }, name)
}

function readSecret(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new Error(`the file of ${name}_FILE cannot be read`, { cause })
  }
}

/** Values with commas between them. */
export function givenList(name: string): readonly string[] {
  return listSetting({ [name]: given(name) }, name)
}

/** A whole number within these bounds. */
export function givenNumber(name: string, unlessGiven: number, bounds: readonly [number, number]): number {
  return numberSetting(env, name, unlessGiven, bounds)
}

/** Whether the environment says that this is production. */
export function isProduction(): boolean {
  return env['NODE_ENV'] === 'production'
}

/** The folder of the embedded database and the keys. */
export const folder = () => given('RESHARE_DATA_DIR') ?? './reshare-data'
