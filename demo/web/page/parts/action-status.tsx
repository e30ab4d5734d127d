import type { Action } from '../state/use-action.ts'
import { STATUS_WORDS } from '../words/statuses.ts'
import { ErrorMessage } from './error-message.tsx'

/** How an action is going, how it ended, or nothing. */
export function ActionStatus({ action }: { readonly action: Action }) {
  const { state } = action
  if (state.phase === 'failed') return <ErrorMessage error={state.error} />
  if (state.phase === 'done') {
    return (
      <div class="message message-done" role="status">
        {state.message}
      </div>
    )
  }
  if (state.phase === 'idle') return null
  const { title, progress } = state
  return (
    <div class="action">
      <div class="action-line">
        <span>{title}</span>
        <button type="button" class="quiet" onClick={() => action.stop()}>
          Stop
        </button>
      </div>
      <progress aria-label={title} max={1} {...(progress && { value: progress.fraction })} />
      <p class="action-words" role="status">
        {progress ? (
          <>
            <strong>{progress.status}</strong>: {STATUS_WORDS[progress.status]}
          </>
        ) : (
          'Starting'
        )}
      </p>
    </div>
  )
}
