import type { IntentDecoder } from 'reshare/policy/ethereum'
import { bitcoinWords } from './bitcoin.ts'
import { ethereumWords } from './ethereum.ts'
import type { SignedWords } from './signed-words.ts'
import { solanaWords } from './solana.ts'

type Signed = ReturnType<IntentDecoder['decode']>['intent']

/** What is signed, in words. */
export function wordsOf(intent: Signed): SignedWords {
  switch (intent.kind) {
    case 'ethereumTransaction':
    case 'ethereumMessage':
    case 'ethereumTypedData':
    case 'ethereumAuthorization':
      return ethereumWords(intent)
    case 'bitcoinTransaction':
    case 'bitcoinMessage':
      return bitcoinWords(intent)
    default:
      return solanaWords(intent)
  }
}
