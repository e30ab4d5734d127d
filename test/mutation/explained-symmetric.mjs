// @ts-check

/** @typedef {import('./explained.mjs').Explanation} Explanation */

const BEYOND = 'One more is written beyond the end of an array, which keeps nothing there.'
const ENDLESS = 'An endless loop whose steps take longer and longer: the clock cuts it off before they are too many.'
const UNREACHED = 'These bytes are zero for every message below half a gigabyte.'
const WIPED =
  'A wipe: test/symmetric/wiped.node.test.ts fails without it. It loads modules anew, which this process cannot.'

/**
 * A loop that goes one step too far.
 *
 * @param {string} file of src/symmetric
 * @param {string} from
 * @param {{ line?: string, why?: string }} [options]
 * @returns {Explanation}
 */
function oneMore(file, from, { line, why = BEYOND } = {}) {
  const to = from.replace(' < ', ' <= ')
  return { file: `src/symmetric/${file}.ts`, mutator: 'EqualityOperator', from, to, ...(line && { line }), why }
}

/** @param {string} file @param {string} mutator @param {string} from @param {string} to @param {string} why @returns {Explanation} */
function other(file, mutator, from, to, why) {
  return { file: `src/symmetric/${file}.ts`, mutator, from, to, why }
}

/** Of hashes and ciphers. @type {readonly Explanation[]} */
export const SYMMETRIC = [
  oneMore('chacha20-poly1305', 'at < out.length', { why: 'The key stream of one more block is XORed with nothing.' }),
  oneMore('chacha20-poly1305', 'i < 16', { line: 'block[i]! += state[i]!' }),
  oneMore('chacha20-poly1305', 'i < out.length'),
  oneMore('chacha20-poly1305', 'i < KEY'),
  other('chacha20-poly1305', 'ArithmeticOperator', 'length / 2 ** 32', 'length * 2 ** 32', UNREACHED),
  other('chacha20-poly1305', 'BooleanLiteral', 'true', 'false', UNREACHED),
  other('chacha20-poly1305', 'BlockStatement', '{ wipe(authKey) }', '{}', WIPED),
  other('chacha20-poly1305', 'BlockStatement', '{ wipe(derived) }', '{}', WIPED),
  oneMore('expand-message', 'j < HASH'),
  oneMore('fractions', 'found < count'),
  oneMore('hkdf', 'at < length', { why: 'One more block is left out of the result.' }),
  other('hkdf', 'BlockStatement', '{ wipe(key) }', '{}', WIPED),
  oneMore('keccak256', 'by < 32', { why: 'Nothing is rotated by 32.' }),
  other('keccak256', 'ArithmeticOperator', 'by - 32', 'by + 32', 'A shift takes its count modulo 32.'),
  oneMore('keccak256', 'i < ROW', { line: 'i++) {' }),
  other('keccak256', 'UpdateOperator', 'i++', 'i--', ENDLESS),
  oneMore('keccak256', 'at < 5 * ROW'),
  oneMore('keccak256', 'row < 5 * ROW'),
  oneMore('keccak256', 'i < ROW', { line: 'scratch[i] = state[row + i]!' }),
  oneMore('keccak256', 'i < 32'),
  other('poly1305', 'ArrayDeclaration', '[block, r, sum, limbs]', '[]', WIPED),
  oneMore('poly1305', 'i < LIMBS', { line: 'isAbove' }),
  oneMore('poly1305', 'i < BLOCK'),
  other('ripemd160', 'BooleanLiteral', 'true', 'false', UNREACHED),
  oneMore('ripemd160', 'i < 5'),
  oneMore('sha256', 'i < 16', { why: 'The schedule writes over word 16 before anything reads it.' }),
  oneMore('sha256', 'i < 64', { line: 'for (let i = 16; i < 64; i++)' }),
  oneMore('sha512', 'i < 32', { why: 'The schedule writes over word 32 before anything reads it.' }),
  oneMore('sha512', 'i < 2 * ROUNDS'),
  oneMore('sha512', 'i < 8'),
  oneMore('sha512', 'i < tail', { why: 'The byte after the message becomes 0x80.' }),
  oneMore('sha512', 'i < 64'),
]
