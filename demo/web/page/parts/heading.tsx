import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The heading of a screen. It gets the focus when the screen is opened, so that a screen reader says where the user is. */
export function Heading({
  children,
  quiet = false,
}: {
  readonly children: ComponentChildren
  readonly quiet?: boolean
}) {
  const element = useRef<HTMLHeadingElement>(null)
  // Before anything is painted: later, it would take the focus from a field in which the user types already.
  useLayoutEffect(() => {
    // The first screen of a page takes the focus from nobody.
    if (!quiet && document.hasFocus()) element.current?.focus()
  }, [])
  return (
    <h2 ref={element} tabIndex={-1}>
      {children}
    </h2>
  )
}
