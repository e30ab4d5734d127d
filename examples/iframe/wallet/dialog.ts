import { visibleClick } from 'reshare/remote/serve'
import type { Description } from './request.ts'

// The dialogs of the wallet. The page around the frame can move, hide or cover it, but it can neither click in it nor read it.

/**
 * Asks the user to agree.
 *
 * Where the engine cannot tell whether the page covered the button, the click opens a window of the wallet's own, which no
 * page can draw over, and the user agrees there.
 */
export async function confirm(description: Description, signal: AbortSignal): Promise<boolean> {
  const { yes, no, close } = show(document, description)
  try {
    const refused = visibleClick(no, { signal }).then(() => undefined)
    const agreed = await Promise.race([visibleClick(yes, { signal }), refused])
    if (agreed === undefined) return false
    return agreed.wasUncovered || (await confirmInWindow(description, signal))
  } finally {
    close()
  }
}

/** Asks for a password, which stays in the wallet. */
export async function askPassword(signal: AbortSignal): Promise<string> {
  const { main, yes, close } = show(document, {
    title: 'A password for the backup, of ten characters or more',
    details: '',
  })
  const input = document.createElement('input')
  input.type = 'password'
  input.autocomplete = 'new-password'
  main.prepend(input)
  try {
    for (;;) {
      await visibleClick(yes, { signal })
      if (input.value.length >= 10) return input.value
    }
  } finally {
    input.value = ''
    close()
  }
}

function show(target: Document, { title, details }: Description) {
  const main = target.createElement('section')
  const text = target.createElement('pre')
  text.textContent = details
  const [yes, no] = [button(target, 'Agree'), button(target, 'Refuse')]
  main.append(title, text, yes, no)
  const nothing = [...(target.getElementById('main')?.childNodes ?? [])]
  ;(target.getElementById('main') ?? target.body).replaceChildren(main)
  const close = () => main.replaceWith(...nothing)
  return { main, yes, no, close }
}

function button(target: Document, label: string): HTMLButtonElement {
  const made = target.createElement('button')
  made.textContent = label
  return made
}

async function confirmInWindow(description: Description, signal: AbortSignal): Promise<boolean> {
  const opened = window.open('', '', 'popup,width=420,height=360')
  // Refused by a blocker of popups.
  if (opened === null) return false
  const { yes, no } = show(opened.document, description)
  try {
    return await new Promise<boolean>((resolve) => {
      const shownAt = performance.now()
      const decide = (answer: boolean) => (event: Event) => {
        // A click that was on its way to something else when the window came up counts for nothing.
        if (event.isTrusted && performance.now() - shownAt > 500) resolve(answer)
      }
      yes.addEventListener('click', decide(true))
      no.addEventListener('click', decide(false))
      opened.addEventListener('pagehide', () => resolve(false))
      signal.addEventListener('abort', () => resolve(false))
    })
  } finally {
    opened.close()
  }
}
