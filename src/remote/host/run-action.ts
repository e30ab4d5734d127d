import type * as reshare from '../../index.ts'
import type { BackupMethod, BackupSource, Client, ResumedWallet } from '../../index.ts'
import type { Description } from '../described.ts'
import { PARAMETERS } from '../parameter-shapes.ts'
import { type ActionData, type ActionName, RESULTS } from '../result-shapes.ts'
import { type Approving, awaitApproval, denied, needsApproval } from './approval.ts'
import { describe } from './describe.ts'

/** Makes something from its description. It may ask the user, as for a password. */
export type Maker<T> = (
  description: Description,
  options: {
    /** Aborted if the action is. */
    readonly signal: AbortSignal
  },
) => T | Promise<T>

/** Makers by the `type` of their description. */
export type Makers<T> = Readonly<Record<string, Maker<T>>>

/** Actions of `reshare` by their names. */
export type ServedActions = Partial<Pick<typeof reshare, ActionName>>

type AnyAction = (client: Client, options: object) => Promise<unknown>

/** What a host runs actions with. */
export interface Served extends Approving {
  readonly client: Client
  readonly actions: ServedActions
  readonly methods: Makers<BackupMethod>
  readonly sources: Makers<BackupSource>
}

/** A call of the app, of which only the types of its fields are checked. */
export interface HostCall {
  readonly action: string
  /** JSON that nobody else refers to. */
  readonly parameters: unknown
  readonly timeoutMs: number | undefined
  readonly waitForApprovalMs: number | undefined
  readonly origin: string | undefined
  readonly signal: AbortSignal
}

/** Fields of parameters that hold descriptions. */
interface DescribedFields {
  readonly method?: Description
  readonly rotateBackup?: boolean | Description
  readonly backups?: Description
}

/**
 * Runs an action of the app: reads its parameters, waits for its approval, makes what they describe, and calls the action.
 *
 * @param onEvent receives what the action reports, as JSON
 * @returns the result, as JSON
 * @throws {REMOTE_DENIED} if the action is not served, or not approved
 * @throws {TypeError | RangeError} if a parameter is wrong
 * @throws {MpcError} as the action
 */
export async function runAction(served: Served, call: HostCall, onEvent: (event: unknown) => void): Promise<unknown> {
  const { client, actions } = served
  const { parameters, timeoutMs, waitForApprovalMs, origin, signal } = call
  const name = servedAction(actions, call.action)
  // Each copy is made of the JSON, so that what is approved cannot change what is used.
  const read = <A extends ActionName>() => PARAMETERS[name](parameters, 'parameters', true) as ActionData<A>
  const data = read()
  const make = makersOf(served, data)
  if (needsApproval(name)) {
    await awaitApproval(served, { action: name, origin, signal }, read)
  }
  const options = {
    ...data,
    ...(await make(signal)),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(waitForApprovalMs !== undefined && { waitForApprovalMs }),
    signal,
    ...reports(name, onEvent),
  }
  const result = await (actions[name] as AnyAction)(client, options)
  try {
    return RESULTS[name].result(name === 'resume' ? described(result as ResumedWallet[]) : result, 'result', false)
  } catch (cause) {
    // Not the fault of the app's parameters, as a TypeError would say.
    throw new Error(`the result of ${name} cannot be sent`, { cause })
  }
}

/** Errors of `resume` are in its result. */
function described(wallets: readonly ResumedWallet[]): unknown {
  return wallets.map((wallet) => ('error' in wallet ? { ...wallet, error: describe(wallet.error) } : wallet))
}

function servedAction(actions: ServedActions, name: string): ActionName {
  const isServed = Object.hasOwn(PARAMETERS, name) && typeof actions[name as ActionName] === 'function'
  if (!isServed) throw denied('the host does not serve this action')
  return name as ActionName
}

/** The callbacks of an action that reports something. */
function reports(name: ActionName, onEvent: (event: unknown) => void): object {
  const { event } = RESULTS[name]
  if (event === undefined) return {}
  const send = (value: unknown) => onEvent(event(value, 'event', false))
  if (name === 'listWallets') {
    return { onFailed: (walletId: string, error: unknown) => send({ walletId, error: describe(error) }) }
  }
  return { onProgress: send }
}

/**
 * Finds the makers of what parameters describe.
 *
 * @returns makes it
 * @throws {TypeError} if there is none of the `type`
 */
function makersOf({ methods, sources }: Served, data: DescribedFields): (signal: AbortSignal) => Promise<object> {
  const { method, rotateBackup, backups } = data
  const found: [string, (options: { signal: AbortSignal }) => unknown][] = []
  const find = <T>(field: string, makers: Makers<T>, description: Description) => {
    const make = Object.hasOwn(makers, description.type) ? makers[description.type] : undefined
    if (make === undefined) throw new TypeError(`the host does not know this type of ${field}`)
    found.push([field, (options) => make(description, options)])
  }
  if (method !== undefined) find('method', methods, method)
  if (typeof rotateBackup === 'object') find('rotateBackup', methods, rotateBackup)
  if (backups !== undefined) find('backups', sources, backups)
  return async (signal) => {
    const made: [string, unknown][] = []
    for (const [field, make] of found) made.push([field, await make({ signal })])
    return Object.fromEntries(made)
  }
}
