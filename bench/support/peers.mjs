// @ts-check
import { existsSync } from 'node:fs'
import * as noble from '../libraries/noble.mjs'
import * as reshare from '../libraries/reshare.mjs'

/** @typedef {import('./match.mjs').Library} Library */

/** The libraries that are not dependencies of the package: bench/peers/package.json has them. */
const OPTIONAL = ['ox', 'libauth', 'tiny-secp256k1', 'libsodium']

/**
 * This package, @noble/curves, and of the others those that are installed.
 *
 * @returns {Promise<{ libraries: Library[], leftOut: string[] }>}
 */
export async function installedLibraries() {
  const found = await Promise.all(OPTIONAL.map(optional))
  return {
    libraries: [reshare, noble, ...found.filter((library) => library !== undefined)],
    leftOut: OPTIONAL.filter((_, i) => found[i] === undefined).map(
      (name) => `${name}: npm run bench:peers installs it`,
    ),
  }
}

/** All or nothing. Looked for here and not by importing: another version of one may lie in the package's own folder. */
export const arePeersInstalled = existsSync(new URL('../peers/node_modules/', import.meta.url))

/**
 * A module of bench/peers, where those are installed.
 *
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function optional(name) {
  return arePeersInstalled ? await import(`../peers/${name}.mjs`) : undefined
}
