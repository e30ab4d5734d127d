import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'

interface ConfirmDialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly confirmLabel: string
  readonly onConfirm: () => void
  readonly onClose: () => void
  readonly isReady?: boolean
  /** Whether it takes something away. */
  readonly isDangerous?: boolean
}

/** Asks before something that cannot be undone. Escape closes it; the safe button has the focus. */
export function ConfirmDialog({
  title,
  children,
  confirmLabel,
  onConfirm,
  onClose,
  isReady = true,
  isDangerous = true,
}: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class={isDangerous ? 'danger' : ''}
          disabled={!isReady}
          onClick={() => {
            onConfirm()
            dialog.current?.close()
          }}
        >
          {confirmLabel}
        </button>
      </div>
    </dialog>
  )
}
