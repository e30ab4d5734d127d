import { isMpcError, MpcError, type ErrorCode } from '../../errors.ts'
import type { BackupMethodName } from '../../types.ts'
import { brand, hasBrand } from '../../util/brand.ts'

/** Why one method has opened no part. */
export interface PartFailure {
  /** The index of the method among those that `someOf` was given, from 0. */
  readonly position: number
  /** Its name. */
  readonly method: BackupMethodName
  /** The parts that it failed on in this way, from 1; empty where it did not come so far. */
  readonly parts: readonly number[]
  /** What went wrong: WRONG_PASSWORD, STORAGE_UNAVAILABLE, BACKUP_CORRUPT for a wrong or damaged part, and so on. */
  readonly error: MpcError
}

/** Fewer parts of a `someOf` backup were opened than it needs. */
export class PartsMissingError extends MpcError {
  /** Names the class: `PartsMissingError`. */
  override readonly name = 'PartsMissingError'
  /** How many parts open the backup. */
  readonly needed: number
  /** The parts that were opened, from 1. */
  readonly opened: readonly number[]
  /** Why the others were not, by method in the order in which they were given. */
  readonly failures: readonly PartFailure[]

  /** Makes the error. It is retryable if one of the failures is. */
  constructor(needed: number, opened: readonly number[], failures: readonly PartFailure[]) {
    const reasons = failures.map(({ method, parts, error }) => `${method}${describeParts(parts)}: ${error.code}`)
    super(
      'BACKUP_PARTS_MISSING',
      [`this backup needs ${needed} of its parts, and ${opened.length} opened`, ...reasons].join('; '),
      { cause: failures[0]?.error, retryable: failures.some(({ error }) => error.retryable) },
    )
    this.needed = needed
    this.opened = opened
    this.failures = failures
  }
}

brand(PartsMissingError, 'PartsMissingError')

/** Whether this is a {@link PartsMissingError}, of whatever copy of this package. */
export function isPartsMissingError(error: unknown): error is PartsMissingError {
  return hasBrand(error, 'PartsMissingError')
}

function describeParts(parts: readonly number[]): string {
  return parts.length === 0 ? '' : ` (part ${parts.join(', ')})`
}

const MOST_TELLING: readonly ErrorCode[] = ['WRONG_PASSWORD', 'PASSWORD_REQUIRED', 'BACKUP_CORRUPT']

/** Of the failures of one method at several parts, the most telling kind. */
export function mostTellingFailure(failures: readonly PartFailure[]): PartFailure | undefined {
  const rank = ({ error }: PartFailure) => {
    const at = MOST_TELLING.indexOf(error.code)
    // Not this one's key is what every other guardian's part says.
    if (at < 0) return isMpcError(error, 'DECRYPT_FAILED') ? MOST_TELLING.length + 1 : MOST_TELLING.length
    return at
  }
  const [first] = [...failures].sort((a, b) => rank(a) - rank(b))
  if (first === undefined) return undefined
  const alike = failures.filter(({ error }) => error.code === first.error.code)
  return { ...first, parts: alike.flatMap(({ parts }) => parts).sort((a, b) => a - b) }
}
