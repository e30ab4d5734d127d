import { errorMessage } from '../util/brand.ts'
import { Misconfigured } from './http.ts'

/** Codes of an import that finds no such package, as a module or as CommonJS. */
const MISSING: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])

/**
 * Imports what needs packages that `npm install reshare` leaves out, as only servers need them.
 *
 * @param entry the entry point, or program, that needs them
 * @param packages their names
 * @param load a dynamic import, written out for bundlers
 * @throws {Misconfigured} with the command that installs them, if one is not installed
 */
export async function loadOptional<Module>(
  entry: string,
  packages: readonly string[],
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    if (!packages.some((name) => isMissing(cause, name))) throw cause
    const names = `package${packages.length > 1 ? 's' : ''} ${packages.join(' and ')}`
    throw new Misconfigured(`${entry} needs the ${names}: npm install ${packages.join(' ')}`, { cause })
  }
}

/** Whether the import failed because of this package: the message quotes it, or a subpath of it. */
function isMissing(error: unknown, name: string): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code
  return MISSING.has(code) && new RegExp(`['"]${name}['"/]`).test(errorMessage(error) ?? '')
}
