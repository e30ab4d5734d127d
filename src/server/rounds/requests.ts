import { isProven } from '../../wire/operation-definitions.ts'
import * as v from 'valibot'
import { OPENING_PROOF_LENGTH, type OpeningProof } from '../../wire/opening-proof.ts'
import { isUsableReceiver } from '../../wire/export.ts'
import { BadRequest, fieldName } from '../../service/http.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { parsePath } from '../../protocol/derive/index.ts'
import { CURVES } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import { AUTHORIZATION, isText, LABEL, type TextRule } from '../../util/text.ts'
import type { ServerLimits } from '../context.ts'

const text = (rule: TextRule) =>
  v.pipe(
    v.string(),
    v.check((value) => isText(value, rule)),
  )
const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)))
const walletId = hex(16)
const setId = hex(32)
// 255 steps of ten digits: what the derivation takes at most.
const path = v.pipe(v.string(), v.maxLength(1 + 11 * 255), v.check(isPath))
const slowClient = v.optional(v.literal(true))
const source = v.variant('kind', [
  v.strictObject({ kind: v.literal('setup') }),
  v.strictObject({ kind: v.literal('ephemeralSetup'), slowClient }),
  v.strictObject({ kind: v.literal('preprocessing'), id: hex(32) }),
])
const backupMethod = v.picklist(['PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM'])

const merkleRoot = v.union([v.literal(''), hex(32)])
const hash = v.nullable(v.picklist(['sha256', 'sha256d', 'keccak256']))
const sign = { kind: v.literal('sign'), walletId, setId }

const proof = hex(OPENING_PROOF_LENGTH)

function operationSchema({ labelLength, messageBytes }: ServerLimits) {
  const label = text({ ...LABEL, most: labelLength })
  const message = v.pipe(v.string(), v.maxLength(2 * messageBytes), v.regex(/^(?:[0-9a-f]{2})*$/))
  return v.variant('kind', [
    v.strictObject({ kind: v.literal('generate'), walletId, label, slowClient }),
    v.strictObject({ kind: v.literal('backup'), walletId, setId, backupMethod, proof }),
    v.strictObject({
      kind: v.literal('recover'),
      walletId,
      setId,
      label,
      existingSets: v.picklist(['keep', 'retire']),
      rotateBackup: v.nullable(backupMethod),
      dryRun: v.boolean(),
      slowClient,
      proof,
    }),
    v.strictObject({ kind: v.literal('refresh'), walletId, setId, label, slowClient, proof }),
    v.variant('scheme', [
      v.strictObject({ ...sign, scheme: v.literal('ed25519'), message }),
      v.strictObject({ ...sign, scheme: v.literal('bip340'), message, path, tapTweak: v.nullable(merkleRoot) }),
      v.strictObject({ ...sign, scheme: v.literal('ecdsa'), message, hash, path, source }),
    ]),
    v.strictObject({ kind: v.literal('prove'), walletId, setId, proof }),
    v.strictObject({
      kind: v.literal('export'),
      walletId,
      setId,
      curve: v.picklist(CURVES),
      authorization: text(AUTHORIZATION),
      receiver: v.pipe(hex(32), v.check(isUsableReceiver)),
      proof,
    }),
    v.strictObject({ kind: v.literal('setup'), walletId, setId, slowClient }),
    v.strictObject({ kind: v.literal('preprocess'), walletId, setId }),
  ])
}

/** What an operation begins with. */
export interface FirstRequest {
  readonly request: OperationRequest
  /** That the client holds its half of the set, for the operations that begin with it. */
  readonly proof: Uint8Array
}

/**
 * The header of an operation's first flight.
 *
 * @throws {BadRequest} unless it is an operation within the limits, with a proof where it takes one
 */
export function parseOperation(header: unknown, limits: ServerLimits): FirstRequest {
  const parsed = v.safeParse(operationSchema(limits), header)
  if (parsed.success) {
    const request = withDigest(parsed.output)
    if (!isProven(request)) return { request, proof: new Uint8Array() }
    const { proof, ...proven } = request as typeof request & OpeningProof
    return { request: proven, proof: fromHex(proof) }
  }
  const [issue] = parsed.issues
  throw new BadRequest(`the operation's ${fieldName(v.getDotPath(issue), 'header')} is not valid`)
}

/** The set that an operation's first header names; null if it names none, whatever else it is. */
export function namedSetId(header: unknown): string | null {
  const named = (header as { readonly setId?: unknown } | null)?.setId
  return typeof named === 'string' && HEX_IDS.set.test(named) ? named : null
}

/** Without a hash the message is the digest itself. */
function withDigest(request: OperationRequest): OperationRequest {
  const isDigest = request.kind === 'sign' && request.scheme === 'ecdsa' && request.hash === null
  if (isDigest && request.message.length !== 64) throw new BadRequest('a digest has 32 bytes')
  return request
}

function isPath(text: string): boolean {
  try {
    parsePath(text)
    return true
  } catch {
    return false
  }
}

/**
 * The header of every later flight.
 *
 * @throws {BadRequest} unless it is `{}`
 */
export function parseEmptyHeader(header: unknown): void {
  const isObject = typeof header === 'object' && header !== null && !Array.isArray(header)
  if (!isObject || Object.keys(header).length > 0) throw new BadRequest('the header of a later round must be {}')
}

const HEX_IDS = {
  operation: /^[0-9a-f]{32}$/,
  wallet: /^[0-9a-f]{32}$/,
  set: /^[0-9a-f]{64}$/,
  device: /^[0-9a-f]{64}$/,
}

/**
 * An id in a path.
 *
 * @throws {BadRequest} unless it is lower-case hex of the right length
 */
export function parseId(kind: keyof typeof HEX_IDS, text: string): string {
  if (!HEX_IDS[kind].test(text)) throw new BadRequest(`not a valid ${kind} id`)
  return text
}

/** @throws {BadRequest} unless it is the number of a round */
export function parseRound(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new BadRequest('a round is a number from 1 to 9')
  return Number(text)
}
