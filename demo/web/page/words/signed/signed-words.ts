/** What is about to be signed, in the user's words. */
export interface SignedWords {
  /** What happens if the user agrees, as a sentence without its mark, such as `Send 0.5 ether`. */
  readonly title: string
  /** All that is signed, a line each. */
  readonly rows: readonly Row[]
  /** What the user has to know before, if it is dangerous. */
  readonly warning?: string
}

interface Row {
  readonly label: string
  readonly value: string
}
