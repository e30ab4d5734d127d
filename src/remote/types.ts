import type { KeySource } from '../index.ts'
import type { ActionData, ActionEvent, ActionName, ActionResult } from './result-shapes.ts'

/** Options of one call of an action. */
export interface CallOptions<A extends ActionName> {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  readonly waitForApprovalMs?: number | undefined
  /** Called with what the action reports. */
  readonly onEvent?: ((event: ActionEvent<A>) => void) | undefined
}

/** A client that runs in another realm. The actions of `reshare/remote` take it as their first argument. */
export interface RemoteClient extends KeySource {
  /**
   * Runs an action there; the actions call it.
   *
   * @internal
   */
  readonly run: <A extends ActionName>(
    action: A,
    data: ActionData<A>,
    options: CallOptions<A>,
  ) => Promise<ActionResult<A>>
  /** Ends what runs with REMOTE_FAILED; nothing can be run afterwards. The host goes on serving others. */
  readonly close: () => void
}
