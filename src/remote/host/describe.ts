import { describeError } from '../../util/error-description.ts'
import { ERROR_MESSAGE_MAX_LENGTH, type ErrorFields, errorFields } from '../error-shape.ts'

/** An error of an action as data. One that the app must not see says nothing of what it was. */
export function describe(error: unknown): ErrorFields {
  try {
    const description = describeError(error)
    const message = 'message' in description ? description.message.slice(0, ERROR_MESSAGE_MAX_LENGTH) : ''
    return errorFields({ ...description, message }, 'error', false)
  } catch {
    // An error of the host's own code can be anything.
    return { kind: 'unexpected', message: '' }
  }
}
