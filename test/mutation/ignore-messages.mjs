// @ts-check
// The words of an error are for people; its code and its class are what a program acts on, and those are mutated.

/** Which argument of each constructor or function is the message. @type {Readonly<Record<string, number>>} */
const MESSAGE_ARGUMENT = {
  MpcError: 1,
  ProtocolError: 3,
  abort: 3,
  cheat: 3,
  BadRequest: 0,
  CodecError: 0,
  NotInOneRound: 0,
  Unavailable: 0,
  Error: 0,
  RangeError: 0,
  TypeError: 0,
  // What the message calls the thing that is wrong.
  abytes: 2,
  assertMethods: 2,
  assertObject: 1,
  decodeList: 0,
  parsing: 0,
}

/** Likewise of methods. @type {Readonly<Record<string, number>>} */
const MESSAGE_ARGUMENT_OF_METHOD = {
  // What is wrong with a chain of the log.
  break: 2,
}

/**
 * As much of a Babel path as is used here.
 *
 * @typedef {object} Path
 * @property {{ type: string, callee?: { name?: string, property?: { name?: string } } }} node
 * @property {Path | null} parentPath
 * @property {string | null} listKey
 * @property {number | string | null} key
 */

/** Between a message and the call that it is for. */
const TRANSPARENT = new Set(['ConditionalExpression', 'BinaryExpression'])

/** @param {Path} path */
function isMessage(path) {
  if (path.node.type !== 'StringLiteral' && path.node.type !== 'TemplateLiteral') return false
  let argument = path
  while (argument.parentPath !== null && TRANSPARENT.has(argument.parentPath.node.type)) argument = argument.parentPath
  const call = argument.parentPath?.node
  if (call?.type !== 'NewExpression' && call?.type !== 'CallExpression') return false
  const { name = '', property } = call.callee ?? {}
  const place = MESSAGE_ARGUMENT[name] ?? MESSAGE_ARGUMENT_OF_METHOD[property?.name ?? '']
  return argument.listKey === 'arguments' && place === argument.key
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'messages',
    value: {
      /** @param {Path} path */
      shouldIgnore: (path) => (isMessage(path) ? 'the words of an error' : undefined),
    },
  },
]
