import type { SignedWords } from '../words/signed/signed-words.ts'

/** All that is signed, line by line, and what the user has to know before. */
export function SignedRows({ words: { rows, warning } }: { readonly words: SignedWords }) {
  return (
    <>
      <dl class="signed">
        {rows.map(({ label, value }, index) => (
          <div key={index}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {warning && <p class="message message-error">{warning}</p>}
    </>
  )
}
