// @ts-check
import { PROTOCOL } from './explained-protocol.mjs'

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
export const EXPLAINED = [
  {
    file: 'src/server/sets/retirements.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'recover'",
    to: 'true',
    why: 'Tells the type checker which request has `existingSets`: of the others it is undefined, which is not `retire` either.',
  },
  {
    file: 'src/sharing/wrong-shares.ts',
    mutator: 'EqualityOperator',
    from: 'shares.length <= FEW',
    to: 'shares.length < FEW',
    why: 'Four shares are checked together, not one by one: the answer is the same, and FEW is where both cost about as much.',
  },
  {
    file: 'src/server/operations/commit-sets.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'recover'",
    to: 'true',
    line: 'const dryRun',
    why: 'Tells the type checker which request has a `dryRun`: of the others it is undefined, which is no dry run either.',
  },
  {
    file: 'src/server/operations/commit-sets.ts',
    mutator: 'ConditionalExpression',
    from: 'backup !== undefined',
    to: 'true',
    why: 'A `backupSetId` that is undefined is left out by the JSON of the answer.',
  },
  {
    file: 'src/server/operations/decide.ts',
    mutator: 'ConditionalExpression',
    from: "decision === 'ABORT'",
    to: 'true',
    line: 'await removeOwedHalves',
    why: 'After COMMIT the client may have halves that are owed from before: asking the custodian again for them is what each sweep does.',
  },
  {
    file: 'src/server/operations/admit.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'sign'",
    to: 'true',
    line: "request.scheme === 'ecdsa'",
    why: 'Tells the type checker which request has a `scheme`: the others have none that is `ecdsa`.',
  },
  {
    file: 'src/server/sets/shares.ts',
    mutator: 'ConditionalExpression',
    from: 'cause instanceof MpcError',
    to: 'true',
    why: 'A second line of defence: no bytes are known of which the decoder says anything but what is wrong with them.',
  },
  {
    file: 'src/server/sets/shares.ts',
    mutator: 'StringLiteral',
    from: "'SHARE_PARSING_FAILED'",
    to: '""',
    why: 'A second line of defence: no bytes are known of which the decoder says anything but what is wrong with them.',
  },
  {
    file: 'src/server/sets/shares.ts',
    mutator: 'ObjectLiteral',
    from: '{ cause }',
    to: '{}',
    why: 'A second line of defence: no bytes are known of which the decoder says anything but what is wrong with them.',
  },
  {
    file: 'src/server/sets/shares.ts',
    mutator: 'BlockStatement',
    from: '{ wipe(left, right) }',
    to: '{}',
    why: 'What is wiped has been handed to nobody, so that no test sees it.',
  },
  {
    file: 'src/server/sets/ot-pairs.ts',
    mutator: 'ArrayDeclaration',
    from: '[]',
    to: '["Stryker was here"]',
    line: "throw new ProtocolError('OT_DESYNC'",
    why: 'ProtocolError blames nobody for this reason whatever it is given.',
  },
  {
    file: 'src/server/operations/rows.ts',
    mutator: 'StringLiteral',
    from: "'for update'",
    to: '""',
    why: 'One connection waits for no other. With several, a serialisable transaction would be tried again instead of waiting.',
  },
  {
    file: 'src/server/operations/rows.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'generate'",
    to: 'false',
    why: 'Tells the type checker which requests have a `setId`: the one without gives undefined, which is stored as null.',
  },
  {
    file: 'src/server/operations/rows.ts',
    mutator: 'StringLiteral',
    from: "'generate'",
    to: '""',
    line: "const setId = request.kind === 'generate'",
    why: 'Tells the type checker which requests have a `setId`: the one without gives undefined, which is stored as null.',
  },
  {
    file: 'src/server/operations/rows.ts',
    mutator: 'ConditionalExpression',
    from: 'row === undefined',
    to: 'true',
    line: 'requireDecision',
    why: 'The decision that was just recorded is read back: the same, one statement later.',
  },
  {
    file: 'src/server/operations/sign.ts',
    mutator: 'StringLiteral',
    from: "'signing'",
    to: '""',
    line: 'signers: setParties',
    why: 'The parties of every set have the same ids; only the role of the second differs.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'ArrayDeclaration',
    from: '[]',
    to: '["Stryker was here"]',
    line: 'const shares: KeyShare[] = []',
    why: 'Read by the loop alone that wipes, which passes over what has no secret.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'OptionalChaining',
    from: 'slots[slot]?.brings',
    to: 'slots[slot].brings',
    why: 'Tells the type checker of an index that every session has: there is a slot for each.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'OptionalChaining',
    from: 'slots[slot]?.target',
    to: 'slots[slot].target',
    why: 'Tells the type checker of an index that every session has: there is a slot for each.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'OptionalChaining',
    from: 'steps[slot]?.done',
    to: 'steps[slot].done',
    why: 'Tells the type checker of an index that every session has: there is a step of each.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'ConditionalExpression',
    from: "purpose === 'signing'",
    to: 'true',
    why: 'The signing set is the first of the new ones, and a set-up comes with no operation that makes none.',
  },
  {
    file: 'src/server/operations/make-sets.ts',
    mutator: 'ConditionalExpression',
    from: 'share === undefined',
    to: 'false',
    why: 'Narrows a type: the server is a receiver in every session that it opens.',
  },
  {
    file: 'src/server/operations/prepare-sets.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'recover'",
    to: 'true',
    line: 'request.dryRun',
    why: 'Tells the type checker which request has a `dryRun`: of the others it is undefined, which is no dry run either.',
  },
  {
    file: 'src/server/operations/prepare-sets.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'backup'",
    to: 'false',
    line: 'label: backup',
    why: 'Tells the type checker which requests have a `label`: the one without makes backup sets alone.',
  },
  {
    file: 'src/server/operations/prepare-sets.ts',
    mutator: 'StringLiteral',
    from: "'backup'",
    to: '""',
    line: 'label: backup',
    why: 'Tells the type checker which requests have a `label`: the one without makes backup sets alone.',
  },
  {
    file: 'src/server/operations/prepare-sets.ts',
    mutator: 'ConditionalExpression',
    from: "request.kind === 'generate'",
    to: 'false',
    why: 'Tells the type checker which requests have a `setId`: the one without gives undefined, which is stored as null.',
  },
  {
    file: 'src/server/operations/prepare-sets.ts',
    mutator: 'StringLiteral',
    from: "'generate'",
    to: '""',
    line: 'sourceSetId',
    why: 'Tells the type checker which requests have a `setId`: the one without gives undefined, which is stored as null.',
  },
  ...PROTOCOL,
]
