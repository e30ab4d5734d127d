import { useRef, useState } from 'preact/hooks'
import { MpcError } from 'reshare/errors'
import type { Agree } from '../agree/agreeing-keys.ts'
import type { SignedWords } from '../words/signed/signed-words.ts'

/** What the user is asked to agree to. */
export interface Question {
  readonly id: number
  readonly signatures: readonly SignedWords[]
  readonly agree: () => void
  /** Does nothing after `agree`. */
  readonly refuse: () => void
}

/** Asks the user before a signature, one question after the other. */
export function useAgreement(): { readonly question: Question | undefined; readonly agree: Agree } {
  const [questions, setQuestions] = useState<readonly Question[]>([])
  const asked = useRef(0)
  const agree = useRef<Agree>(
    (signatures) =>
      new Promise<void>((resolve, reject) => {
        const question: Question = {
          id: (asked.current += 1),
          signatures,
          agree: resolve,
          refuse: () => {
            reject(new MpcError('ABORTED', 'the user did not agree'))
            setQuestions((open) => open.filter((one) => one !== question))
          },
        }
        setQuestions((open) => [...open, question])
      }),
  )
  return { question: questions[0], agree: agree.current }
}
