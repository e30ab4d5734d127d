import * as v from 'valibot'
import { MpcError, type ErrorCode } from '../../src/errors.ts'
import { APPROVERS, DENIERS, REASON_MAX_LENGTH, type RequiredApproval } from '../../src/wire/approvals.ts'
import { errorStatus, serverCodes, type ErrorBody } from '../../src/wire/error-body.ts'
import { ref, type Json } from './schemas.ts'

/** What an error says in an API, and a message that goes with it. */
interface ErrorText {
  readonly means: string
  readonly message: string
}

/**
 * The errors of an API by code. A code may have several texts, `CODE name`, which operations refer to; INTERNAL has one
 * for 500 and one for 503.
 */
export type ErrorTable = Readonly<Record<string, ErrorText>>

/** The responses with errors of an API, of which `components/responses` has each that was asked for. */
export interface ErrorResponses {
  /** The responses for these entries of the table, by status. */
  readonly of: (entries: readonly string[]) => Json
  readonly components: () => Json
}

const UNNAMED: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  'INTERNAL failed': 500,
  'INTERNAL unavailable': 503,
}

const codeOf = (entry: string) => entry.split(' ')[0] as string
const statusOf = (entry: string) => UNNAMED[entry] ?? errorStatus(codeOf(entry) as ErrorCode)

export function createErrors(table: ErrorTable, headers: Json): ErrorResponses {
  const used = new Map<string, Json>()

  function response(status: number, entries: readonly string[]): Json {
    const texts = entries.map((entry) => {
      const text = table[entry]
      if (text === undefined) throw new Error(`no text for ${entry}`)
      return { id: codeOf(entry), text }
    })
    const examples = texts.map(({ id, text: { message } }) => [id, { value: errorExample(status, id, message) }])
    const narrowed = { error: { properties: { id: { enum: texts.map(({ id }) => id) } } } }
    return {
      description: texts.map(({ id, text }) => `\`${id}\`: ${text.means}`).join(' '),
      headers: { ...headers, ...(status === 429 && { 'retry-after': { $ref: '#/components/headers/RetryAfter' } }) },
      content: {
        'application/json': {
          schema: { ...ref('ErrorBody'), properties: narrowed },
          examples: Object.fromEntries(examples) as Json,
        },
      },
    }
  }

  return {
    of(entries) {
      const byStatus = new Map<number, string[]>()
      for (const entry of entries) byStatus.set(statusOf(entry), [...(byStatus.get(statusOf(entry)) ?? []), entry])
      const statuses = [...byStatus].sort(([one], [other]) => one - other)
      return Object.fromEntries(
        statuses.map(([status, same]) => {
          const name = same.map(componentName).join('')
          used.set(name, response(status, same))
          return [status, { $ref: `#/components/responses/${name}` }]
        }),
      )
    },
    components: () => Object.fromEntries([...used].sort(([one], [other]) => (one < other ? -1 : 1))),
  }
}

/** `RATE_LIMITED` is `RateLimited`. */
function componentName(entry: string): string {
  return entry
    .toLowerCase()
    .split(/[_ ]/)
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join('')
}

const APPROVAL: RequiredApproval = {
  approvalId: 'a9'.repeat(16),
  approver: 'any',
  readyAt: null,
  expiresAt: '2026-01-03T00:00:00.000Z',
  reason: 'more than 1 ETH',
}

function errorExample(status: number, id: string, message: string): ErrorBody {
  const isNamed = id !== 'BAD_REQUEST' && id !== 'INTERNAL'
  const retryable = isNamed ? new MpcError(id as ErrorCode, message).retryable : status >= 500
  return {
    error: {
      id: id as ErrorCode,
      message,
      retryable,
      ...(id === 'RATE_LIMITED' && { retryAfterMs: 1_800_000 }),
      ...(id === 'APPROVAL_REQUIRED' && { approval: APPROVAL }),
      ...(message.startsWith('the policy denies') && { denial: { by: 'policy' as const, reason: '' } }),
    },
  }
}

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))

/** The fields of what a request waits for. */
export const requiredApproval = {
  approvalId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  approver: v.pipe(
    v.nullable(v.picklist(APPROVERS)),
    v.description("Who may approve: another device, the app's backend, or either. Null: it only has to wait."),
  ),
  readyAt: v.pipe(v.nullable(time), v.description('Before this time it does not go on.')),
  expiresAt: v.pipe(time, v.description('From this time on it has to be asked for again.')),
  reason: v.pipe(v.string(), v.maxLength(REASON_MAX_LENGTH), v.description("The policy's, for the user.")),
}

/** @param means what the document says about the codes */
export const errorCode = (means: string) =>
  v.pipe(v.picklist(['BAD_REQUEST', 'INTERNAL', ...serverCodes()]), v.description(means))

/** @param code the schema of the code */
export const errorBody = (code: ReturnType<typeof errorCode>): v.GenericSchema<ErrorBody> =>
  v.strictObject({
    error: v.strictObject({
      id: code,
      message: v.pipe(v.string(), v.description('For people; it may change. Never contains a secret.')),
      retryable: v.pipe(v.boolean(), v.description('Whether the same request may succeed later without a change.')),
      retryAfterMs: v.exactOptional(
        v.pipe(
          v.number(),
          v.integer(),
          v.minValue(0),
          v.description(
            'With `RATE_LIMITED`, and with `APPROVAL_REQUIRED` until `readyAt`: milliseconds until the request may be repeated.',
          ),
        ),
      ),
      denial: v.exactOptional(
        v.pipe(
          v.strictObject({
            by: v.pipe(
              v.picklist(DENIERS),
              v.description("The app's policy, one of its sums over time, or whoever had to approve it."),
            ),
            reason: v.pipe(v.string(), v.maxLength(REASON_MAX_LENGTH), v.description("The policy's, for the user.")),
          }),
          v.description("With `POLICY_DENIED` by the app's policy: what has denied it, and why."),
        ),
      ),
      approval: v.exactOptional(
        v.pipe(
          v.strictObject(requiredApproval),
          v.description('With `APPROVAL_REQUIRED`: what the request waits for.'),
        ),
      ),
      reason: v.exactOptional(
        v.pipe(
          v.literal('OT_DESYNC'),
          v.description(
            'With `PROTOCOL_ABORTED`: the ECDSA setups of the two sides differ. The client makes a new one and signs again.',
          ),
        ),
      ),
    }),
  })
