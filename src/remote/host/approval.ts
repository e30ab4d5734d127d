import { MpcError } from '../../errors.ts'
import { within } from '../../util/within.ts'
import type { ActionData, ActionName } from '../result-shapes.ts'
import type { Description } from '../described.ts'

/** Actions that change nothing and use no key. They are not approved. */
const READS = [
  'findWallets',
  'getExtendedPublicKey',
  'getPublicKey',
  'getWallet',
  'listApprovals',
  'listDevices',
  'listSets',
  'listWallets',
  'preprocessSignatures',
  'resume',
] as const satisfies readonly ActionName[]

/** An action that is approved before it begins. */
export type ApprovedAction = Exclude<ActionName, (typeof READS)[number]>

/** The parameters of an action as an approval sees them: of methods and sources the names only, and no cipherText. */
export type Summary<A extends ApprovedAction> = {
  readonly [K in Exclude<keyof ActionData<A>, 'cipherText'>]: Summarized<ActionData<A>[K]>
}

type Summarized<V> = V extends Description ? string : V

/** What is to be approved. */
export type ApprovalRequest = {
  [A in ApprovedAction]: {
    /** The action. */
    readonly action: A
    /** Its parameters, in a copy: exactly these are used if it is approved. */
    readonly summary: Summary<A>
    /** The origin that asks, as the browser states it; undefined if the port does not know it. */
    readonly origin: string | undefined
    /** Aborted once the approval is over, by its answer too: close the dialog. */
    readonly signal: AbortSignal
  }
}[ApprovedAction]

/** Asks whoever may approve an action. Only `true` approves. */
export type Approve = (request: ApprovalRequest) => boolean | Promise<boolean>

/** How actions are approved. */
export interface Approving {
  readonly approve: Approve
  /** From the moment at which it is asked. */
  readonly approvalTimeoutMs: number
  /** Receives what `approve` throws. */
  readonly onError: (error: unknown) => void
}

/** The end of the last approval by each function: a user sees one dialog at a time, also with several ports. */
const queues = new WeakMap<Approve, Promise<unknown>>()

/** Whether an action is approved before it begins. */
export function needsApproval(action: ActionName): action is ApprovedAction {
  return !READS.some((read) => read === action)
}

/**
 * Waits for the approval of an action.
 *
 * @param read makes the parameters, each time as a new copy
 * @throws {REMOTE_DENIED} unless it is approved in time
 * @throws {ABORTED} if the action was aborted
 */
export async function awaitApproval<A extends ApprovedAction>(
  { approve, approvalTimeoutMs, onError }: Approving,
  { action, origin, signal }: { action: A; origin: string | undefined; signal: AbortSignal },
  read: () => ActionData<A>,
): Promise<void> {
  const before = queues.get(approve)
  const ask = async (signal: AbortSignal): Promise<unknown> => {
    try {
      return await approve({ action, summary: summaryOf(read()), origin, signal } as ApprovalRequest)
    } catch (error) {
      onError(error)
      return false
    }
  }
  const asked = (async () => {
    await before
    if (signal.aborted) return false
    return within(
      approvalTimeoutMs,
      (late) => untilAborted([signal, late], ask),
      () => denied('nobody approved the action in time'),
    )
  })()
  queues.set(
    approve,
    asked.catch(() => undefined),
  )
  const answer: unknown = await asked
  if (signal.aborted) throw new MpcError('ABORTED', 'the caller aborted')
  if (answer !== true) throw denied('the action was not approved')
}

/** Runs `work` with a signal that is aborted with any of these; it then ends without a result. */
async function untilAborted(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const controller = new AbortController()
  let stop = () => {}
  const aborted = new Promise<void>((resolve) => {
    stop = () => {
      controller.abort()
      resolve()
    }
  })
  for (const signal of signals) signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work(controller.signal), aborted])
  } finally {
    // Closes what still waits for the user, such as the button that was not clicked.
    stop()
    for (const signal of signals) signal.removeEventListener('abort', stop)
  }
}

function summaryOf<A extends ApprovedAction>(data: ActionData<A>): Summary<A> {
  const { cipherText: _, ...parts } = data as { cipherText?: string }
  const entries = Object.entries(parts).map(([key, part]) => [key, isDescription(part) ? part.type : part])
  return Object.freeze(Object.fromEntries(entries)) as Summary<A>
}

function isDescription(part: unknown): part is Description {
  return typeof part === 'object' && part !== null && 'type' in part
}

/** The error of an action that the host does not run. */
export function denied(message: string): MpcError {
  return new MpcError('REMOTE_DENIED', message)
}
