/**
 * Answers whatever a hook throws: Hono gives its `onError` errors of its own realm only, and rejects with all else.
 *
 * @param failed the answer to what was thrown
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
