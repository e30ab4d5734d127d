import type { BitcoinIntent, BitcoinMessageIntent } from 'reshare/policy/bitcoin'
import { bitcoinText } from '../amounts.ts'
import { visibleText } from '../texts.ts'
import type { SignedWords } from './signed-words.ts'

const WHOLE_TRANSACTION: readonly number[] = [0, 1]

/** What is signed for Bitcoin, in words. */
export function bitcoinWords(intent: BitcoinIntent | BitcoinMessageIntent): SignedWords {
  return intent.kind === 'bitcoinMessage' ? messageWords(intent) : transactionWords(intent)
}

function messageWords({ address, data, text }: BitcoinMessageIntent): SignedWords {
  return {
    title: 'Sign a message for Bitcoin',
    rows: [
      { label: 'Message', value: text === null ? data : visibleText(text) },
      { label: 'Address', value: address },
    ],
  }
}

function transactionWords({ outputs, fee, sighashType }: BitcoinIntent): SignedWords {
  const sent = outputs.filter(({ isOwn }) => !isOwn).reduce((sum, { amount }) => sum + amount, 0n)
  return {
    title: `Send ${bitcoinText(sent)}`,
    rows: [
      ...outputs.map(({ amount, address, script, isOwn }) => ({
        label: isOwn ? 'Back to you' : 'To',
        value: `${bitcoinText(amount)} to ${address ?? `the script ${script}`}`,
      })),
      { label: 'Fee', value: fee === null ? 'not known' : bitcoinText(fee) },
    ],
    ...(!WHOLE_TRANSACTION.includes(sighashType) && {
      warning: 'Whoever has this signature can change where it goes.',
    }),
  }
}
