import { explain } from '../words/errors.ts'

/** What happened, and what to do. A screen reader says it at once. */
export function ErrorMessage({ error }: { readonly error: unknown }) {
  const { title, advice, code } = explain(error)
  return (
    <div class="message message-error" role="alert">
      <p class="message-title">{title}</p>
      <p>{advice}</p>
      {code && <p class="message-code">Code for help: {code}</p>}
    </div>
  )
}
