import { serverCodes, type ErrorBody } from '../../wire/error-body.ts'
import { REQUEST_NAMES, type Outcome, type RequestName } from '../observe.ts'

/** The name of the request that a route handles; `unknown` without one. */
export function requestName(route: { readonly method: string; readonly path: string } | undefined): RequestName {
  const key = `${route?.method} ${route?.path}`
  return (Object.hasOwn(REQUEST_NAMES, key) ? REQUEST_NAMES[key] : undefined) ?? 'unknown'
}

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['BAD_REQUEST', 'INTERNAL', ...serverCodes()])

/** How a request has ended, by its response: one that was stored for a copy of the request, too. */
export async function outcomeIn(response: Response): Promise<Outcome> {
  if (response.status < 400) return 'OK'
  try {
    const { error } = (await response.clone().json()) as ErrorBody
    return OUTCOMES.has(error.id) ? error.id : 'OTHER'
  } catch {
    return 'OTHER'
  }
}
