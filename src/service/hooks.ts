import { ID, checkText } from '../util/text.ts'
import { within } from '../util/within.ts'
import { Unavailable } from './http.ts'

/** The second argument of every hook. */
export interface HookOptions {
  /** Aborted once nobody waits for the result. */
  readonly signal: AbortSignal
}

/** How long a hook may take by default. */
export const DEFAULT_HOOK_MS = 10_000

/**
 * Calls an app's hook. Whatever it throws, even an error of this package, and a timeout are the same failure: a hook
 * cannot choose the response by an error.
 *
 * @param ask calls it
 * @throws {Unavailable} if it fails; the cause is what it has thrown
 */
export async function askHook<Result>(
  name: string,
  hookMs: number,
  callHook: (options: HookOptions) => Result | PromiseLike<Result>,
): Promise<Result> {
  const late = () => new Error(`no answer within ${hookMs} ms`)
  try {
    return await within(hookMs, async (signal) => callHook({ signal }), late)
  } catch (cause) {
    throw new Unavailable(`the hook ${name} has failed`, { cause })
  }
}

/**
 * The ids in a hook's result: own properties, each read once.
 *
 * @returns undefined if the hook does not know the caller: it has returned undefined, null or false
 * @throws {TypeError | RangeError} if the result is anything else, or its ids are invalid
 */
export function readIds<Name extends string>(
  hook: string,
  result: unknown,
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  if (result === undefined || result === null || result === false) return undefined
  const ids = names.map((name) => {
    if (typeof result !== 'object' || !Object.hasOwn(result, name)) throw new TypeError(`${hook} has given no ${name}`)
    return [name, checkText((result as Record<Name, unknown>)[name], ID, name)] as const
  })
  return Object.fromEntries(ids) as Record<Name, string>
}

/**
 * Wraps the error log of an app so that it never throws. If it fails, the error goes to the console.
 */
export function errorLog(onError: (error: unknown) => unknown = logError): (error: unknown) => void {
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  const call = async (error: unknown): Promise<unknown> => onError(error)
  return (error) => {
    call(error).catch((failure: unknown) => {
      logError(error)
      logError(failure)
    })
  }
}

function logError(error: unknown): void {
  // eslint-disable-next-line no-console -- an operator without a log still has to see what fails
  console.error(error)
}
