import type { SignedWords } from '../words/signed/signed-words.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { SignedRows } from './signed-rows.tsx'

interface AgreeDialogProps {
  readonly signatures: readonly SignedWords[]
  readonly onAgree: () => void
  readonly onRefuse: () => void
}

/** Shows what would be signed, before it is. */
export function AgreeDialog({ signatures, onAgree, onRefuse }: AgreeDialogProps) {
  const [first] = signatures
  const isOne = signatures.length === 1
  return (
    <ConfirmDialog
      title={isOne ? `${first!.title}?` : `Sign ${signatures.length} things together?`}
      confirmLabel="Agree and sign"
      isDangerous={signatures.some(({ warning }) => warning !== undefined)}
      onConfirm={onAgree}
      onClose={onRefuse}
    >
      {signatures.map((words, index) => (
        <section key={index} aria-label={words.title}>
          {!isOne && <h3>{words.title}</h3>}
          <SignedRows words={words} />
        </section>
      ))}
    </ConfirmDialog>
  )
}
