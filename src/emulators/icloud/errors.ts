import { brand, hasBrand } from '../../util/brand.ts'

/** CloudKit's errors that the emulator gives, with the HTTP status that its reference gives them. */
const STATUS = {
  ACCESS_DENIED: 403,
  AUTHENTICATION_FAILED: 401,
  AUTHENTICATION_REQUIRED: 421,
  BAD_REQUEST: 400,
  CONFLICT: 409,
  EXISTS: 409,
  NOT_FOUND: 404,
  QUOTA_EXCEEDED: 413,
  ZONE_NOT_FOUND: 404,
} as const

/** The name of one of CloudKit's errors. */
export type CloudKitErrorCode = keyof typeof STATUS

/** A request, or one operation of it, that CloudKit refuses. */
export class CloudKitRefusal extends Error {
  readonly code: CloudKitErrorCode
  readonly redirectURL: string | undefined

  constructor(code: CloudKitErrorCode, reason: string, redirectURL?: string) {
    super(reason)
    this.code = code
    this.redirectURL = redirectURL
  }

  /** The status of a response that consists of this error. */
  get status(): number {
    return STATUS[this.code]
  }

  /** The fields that CloudKit gives of it, in a response or in the place of a record. */
  fields(uuid: string): Record<string, string> {
    const { code, message, redirectURL } = this
    return { uuid, serverErrorCode: code, reason: message, ...(redirectURL !== undefined && { redirectURL }) }
  }
}

brand(CloudKitRefusal, 'CloudKitRefusal')

/** Whether this is a {@link CloudKitRefusal}. */
export function isRefusal(error: unknown): error is CloudKitRefusal {
  return hasBrand(error, 'CloudKitRefusal')
}

/** The error for a request that is not well formed. */
export function badRequest(reason: string): CloudKitRefusal {
  return new CloudKitRefusal('BAD_REQUEST', reason)
}
