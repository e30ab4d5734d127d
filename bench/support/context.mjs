// @ts-check
import { createInputs } from './inputs.mjs'
import { NODE_PACE } from './interleave.mjs'
import { nativeLibraries } from './native.mjs'
import { installedLibraries } from './peers.mjs'

/**
 * What a group may use.
 *
 * @typedef {object} Context
 * @property {readonly import('./match.mjs').Library[]} libraries this package first
 * @property {import('./inputs.mjs').Inputs} inputs
 * @property {import('./interleave.mjs').Pace} pace
 * @property {number} protocolRuns how often each protocol runs, after as many to warm up
 */

/** @returns {Promise<Context & { leftOut: string[], close: () => void }>} */
export async function createContext() {
  const native = nativeLibraries()
  const installed = await installedLibraries()
  return {
    libraries: [...installed.libraries, ...native.libraries],
    inputs: createInputs(),
    pace: NODE_PACE,
    protocolRuns: 400,
    leftOut: [...installed.leftOut, ...native.leftOut],
    close: () => native.libraries.forEach(({ close }) => close()),
  }
}
