// @ts-check
import * as reshare from '../libraries/reshare.mjs'
import * as noble from '../libraries/noble.mjs'

/** @typedef {import('./match.mjs').Library} Library */

/** The libraries that are not dependencies of the package: bench/peers/package.json has them. */
const OPTIONAL = ['ox', 'libauth', 'tiny-secp256k1', 'libsodium']

/**
 * This package, @noble/curves, and of the others those that are installed.
 *
 * @returns {Promise<{ libraries: Library[], leftOut: string[] }>}
 */
export async function installedLibraries() {
  const found = await Promise.all(OPTIONAL.map((name) => optional(`../peers/${name}.mjs`)))
  return {
    libraries: [reshare, noble, ...found.filter((library) => library !== undefined)],
    leftOut: OPTIONAL.filter((_, i) => found[i] === undefined).map(
      (name) => `${name}: npm run bench:peers installs it`,
    ),
  }
}

/**
 * A module of the bench, unless it imports a package that is not installed.
 *
 * @param {string} path from this folder
 * @returns {Promise<any>}
 */
export async function optional(path) {
  try {
    return await import(path)
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
