import type {
  EthereumDomain,
  EthereumIntent,
  EthereumTransactionIntent,
  EthereumTypedDataIntent,
} from 'reshare/policy/ethereum'
import { etherText } from '../amounts.ts'
import { visibleText } from '../texts.ts'
import type { SignedWords } from './signed-words.ts'

/** What is signed for Ethereum, in words. */
export function ethereumWords(intent: EthereumIntent): SignedWords {
  switch (intent.kind) {
    case 'ethereumTransaction':
      return transactionWords(intent)
    case 'ethereumTypedData':
      return typedDataWords(intent)
    case 'ethereumMessage':
      return {
        title: 'Sign a message for Ethereum',
        rows: [{ label: 'Message', value: intent.text === null ? intent.data : visibleText(intent.text) }],
      }
    case 'ethereumAuthorization':
      return {
        title: 'Give your account to a contract',
        rows: [
          { label: 'Contract', value: intent.address },
          { label: 'Chain', value: intent.chainId === 0 ? 'every chain' : String(intent.chainId) },
        ],
        warning: 'The contract can then do everything with what you have on this chain.',
      }
  }
}

function transactionWords(transaction: EthereumTransactionIntent): SignedWords {
  const { to, value, data, maxFee, chainId, authorizations } = transaction
  const isPayment = to !== null && data === '0x' && authorizations.length === 0
  return {
    title: isPayment ? `Send ${etherText(value)}` : to === null ? 'Create a contract' : 'Call a contract',
    rows: [
      { label: 'To', value: to ?? 'a new contract' },
      { label: 'Amount', value: etherText(value) },
      { label: 'Fee, at most', value: etherText(maxFee) },
      { label: 'Chain', value: chainId === null ? 'every chain' : String(chainId) },
      ...(data === '0x' ? [] : [{ label: 'Data', value: data }]),
      ...authorizations.map(({ address }) => ({ label: 'An account gets the code of', value: address })),
    ],
    ...(!isPayment && { warning: 'What the contract does with it is not known here.' }),
  }
}

/** Permits of ERC-2612 and Permit2, by the names that they have there. */
const PERMITS = /^Permit/

function typedDataWords({ domain, primaryType, message }: EthereumTypedDataIntent): SignedWords {
  const isPermit = PERMITS.test(primaryType)
  const app = visibleText(domain.name ?? 'an app')
  return {
    title: isPermit ? `Let somebody take your tokens: ${app}` : `Sign ${visibleText(primaryType)} for ${app}`,
    rows: [...domainRows(domain), { label: 'Kind', value: visibleText(primaryType) }, ...valueRows(message)],
    ...(isPermit && { warning: 'Whoever has this signature can take the tokens, without asking you again.' }),
  }
}

function domainRows({ name, chainId, verifyingContract }: EthereumDomain): SignedWords['rows'] {
  return [
    { label: 'App', value: visibleText(name ?? 'not said') },
    { label: 'Chain', value: chainId ?? 'every chain' },
    { label: 'Contract', value: verifyingContract ?? 'every contract' },
  ]
}

const UNLIMITED = ((1n << 256n) - 1n).toString()

/** The values of a struct; those of a struct in it have the names of both. */
function valueRows(value: unknown, name = ''): SignedWords['rows'] {
  if (typeof value !== 'object' || value === null) {
    return [{ label: visibleText(name), value: value === UNLIMITED ? 'without limit' : visibleText(String(value)) }]
  }
  return Object.entries(value).flatMap(([field, inner]) => valueRows(inner, name === '' ? field : `${name}, ${field}`))
}
