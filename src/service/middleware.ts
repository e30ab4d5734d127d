/**
 * Responds to whatever a hook throws: Hono passes only errors of its own realm to `onError`, and rejects with all else.
 *
 * @param failed makes the response to what was thrown
 */
export function respondToErrors(failed: (error: unknown) => Response) {
  return async (context: { res: Response }, next: () => Promise<void>): Promise<void> => {
    try {
      await next()
    } catch (error) {
      context.res = failed(error)
    }
  }
}
