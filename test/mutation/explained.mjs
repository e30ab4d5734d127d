// @ts-check

/**
 * A mutant that survives, and why no test can or should notice it.
 *
 * @typedef {object} Explanation
 * @property {string} file
 * @property {string} mutator Stryker's name of it
 * @property {string} from what the source says, in one line with single spaces
 * @property {string} to what the mutant says instead, likewise
 * @property {string} [line] a part of the line it starts in, where the same text stands in several
 * @property {string} why
 */

/** @type {readonly Explanation[]} */
export const EXPLAINED = []
