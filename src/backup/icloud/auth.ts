/** What a sign-in is told. */
export interface SignInRequest {
  /** Apple's sign-in page for this container, as CloudKit gave it. Of whatever host: {@link appleSignIn} checks it. */
  readonly redirectUrl: string
  /** The app's API token, by which a native app asks for a web token (`CKFetchWebAuthTokenOperation`). */
  readonly apiToken: string
  /** Aborted when the caller aborts, or after five minutes. */
  readonly signal: AbortSignal
}

/**
 * Gets a web token when there is none, or when CloudKit no longer takes the one that there is.
 *
 * @example
 * const auth = { signIn: () => nativeCloudKit.fetchWebAuthToken(apiToken) }
 */
export interface ICloudAuth {
  /**
   * Lets the user sign in.
   *
   * @returns a web token (`ckWebAuthToken`), as it came, not percent-encoded
   * @throws {unknown} if the user does not sign in; what has no code of this package becomes STORAGE_UNAVAILABLE
   */
  signIn(request: SignInRequest): Promise<string>
}

/** Whether this can be a web token: printable ASCII without spaces, at most 4,096 characters. */
export function isWebToken(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{1,4096}$/.test(value)
}
