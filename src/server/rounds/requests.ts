import * as v from 'valibot'
import { isApprovalId } from '../../wire/approvals.ts'
import { WIRE_OPERATIONS } from '../../wire/operation-definitions.ts'
import { BadRequest, fieldName } from '../../service/http.ts'
import { isDeviceId, isOperationId, isSetId, isWalletId } from '../../wire/ids.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { fromHex } from '../../util/bytes.ts'
import type { ServerLimits } from '../context.ts'
import { definitionOf, OPERATION_KINDS } from '../operations/definitions.ts'
import { openingProof } from '../operations/schemas.ts'

const kindSchema = v.object({ kind: v.picklist(OPERATION_KINDS) })
const proofSchema = v.object({ proof: openingProof })

/** The first header of an operation. */
export interface FirstRequest {
  readonly request: OperationRequest
  /** The opening proof, for the operations that begin with one. */
  readonly proof: Uint8Array
}

/**
 * The header of an operation's first round body.
 *
 * @throws {BadRequest} unless it is an operation within the limits, with a proof where it takes one
 */
export function parseOperation(header: unknown, limits: ServerLimits): FirstRequest {
  const { kind } = parse(kindSchema, header)
  const { schema } = definitionOf({ kind })
  if (!WIRE_OPERATIONS[kind].isProven) return { request: parse(schema(limits), header), proof: new Uint8Array() }
  const { proof } = parse(proofSchema, header)
  const request = Object.fromEntries(Object.entries(header as object).filter(([name]) => name !== 'proof'))
  return { request: parse(schema(limits), request), proof: fromHex(proof) }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, header: unknown): T {
  const parsed = v.safeParse(schema, header)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new BadRequest(`the operation's ${fieldName(v.getDotPath(issue), 'header')} is not valid`)
}

/** The set that a first header names; null if it names none or is not a header. */
export function namedSetId(header: unknown): string | null {
  const named = (header as { readonly setId?: unknown } | null)?.setId
  return isSetId(named) ? named : null
}

/**
 * The header of every later round body.
 *
 * @throws {BadRequest} unless it is `{}`
 */
export function parseEmptyHeader(header: unknown): void {
  const isObject = typeof header === 'object' && header !== null && !Array.isArray(header)
  if (!isObject || Object.keys(header).length > 0) throw new BadRequest('the header of a later round must be {}')
}

const IDS = {
  operation: isOperationId,
  wallet: isWalletId,
  set: isSetId,
  device: isDeviceId,
  approval: isApprovalId,
}

/**
 * An id in a path.
 *
 * @throws {BadRequest} unless it is lower-case hex of the right length
 */
export function parseId(kind: keyof typeof IDS, text: string): string {
  if (!IDS[kind](text)) throw new BadRequest(`not a valid ${kind} id`)
  return text
}

/** @throws {BadRequest} unless it is the number of a round */
export function parseRound(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new BadRequest('a round is a number from 1 to 9')
  return Number(text)
}
