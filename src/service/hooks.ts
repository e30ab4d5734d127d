import { ID, checkText } from '../util/text.ts'
import { within } from '../util/within.ts'
import { Unavailable } from './http.ts'

/** What a hook gets besides what it is asked. */
export interface HookOptions {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** How long a hook may take unless an operator says otherwise. */
export const DEFAULT_HOOK_MS = 10_000

/**
 * Asks an app's hook. What it throws, be it an error of this package's, and that it gives no answer in time, is one failure:
 * no hook says by an error what a client is answered.
 *
 * @param ask calls it
 * @throws {Unavailable} if it fails; the cause is what it has thrown
 */
export async function askHook<Answer>(
  name: string,
  hookMs: number,
  ask: (options: HookOptions) => Answer | PromiseLike<Answer>,
): Promise<Answer> {
  const late = () => new Error(`no answer within ${hookMs} ms`)
  try {
    return await within(hookMs, async (signal) => ask({ signal }), late)
  } catch (cause) {
    throw new Unavailable(`the hook ${name} has failed`, { cause })
  }
}

/**
 * The ids in what a hook has answered about a request: properties of its own, each read once.
 *
 * @returns undefined if it cannot tell who that is: it has answered undefined, null or false
 * @throws {TypeError | RangeError} for an answer that is none, or names that the app cannot mean
 */
export function readIds<Name extends string>(
  hook: string,
  answer: unknown,
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  if (answer === undefined || answer === null || answer === false) return undefined
  const ids = names.map((name) => {
    if (typeof answer !== 'object' || !Object.hasOwn(answer, name)) throw new TypeError(`${hook} has given no ${name}`)
    return [name, checkText((answer as Record<Name, unknown>)[name], ID, name)] as const
  })
  return Object.fromEntries(ids) as Record<Name, string>
}

/**
 * An error log as an app has given it, safe to be told anything at any moment: what it throws fails nothing. What it does
 * not take goes to the console.
 */
export function errorLog(onError: (error: unknown) => unknown = logError): (error: unknown) => void {
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  const tell = async (error: unknown): Promise<unknown> => onError(error)
  return (error) => {
    tell(error).catch((failure: unknown) => {
      logError(error)
      logError(failure)
    })
  }
}

function logError(error: unknown): void {
  // eslint-disable-next-line no-console -- an operator who chose no log still has to see what fails
  console.error(error)
}
