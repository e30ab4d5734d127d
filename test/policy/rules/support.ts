import { encodeFunctionData, erc20Abi, hexToBytes, serializeTransaction, type Hex } from 'viem'
import { ethereumIntents } from '../../../src/policy/ethereum/index.ts'
import type { Rule, SignatureRequest } from '../../../src/policy/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

export const publicKey = await fakeWallet(seededRandom('a key')).getPublicKey('secp256k1')

export const FRIEND = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const THIEF = '0x000000000000000000000000000000000000dEaD'
export const TOKEN = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
export const RAW: PolicyIntent = { kind: 'raw', verified: false }

const asked = { scheme: 'ecdsa', message: new Uint8Array(32), publicKey } as const
const { decode } = ethereumIntents()

const FIELDS = {
  chainId: 1,
  nonce: 0,
  gas: 21_000n,
  maxFeePerGas: 1n,
  maxPriorityFeePerGas: 1n,
  type: 'eip1559',
} as const

/** A transaction as a server decodes it. */
export function transaction(fields: object): PolicyIntent {
  const data = hexToBytes(serializeTransaction({ ...FIELDS, ...fields } as never))
  return decode({ kind: 'ethereumTransaction', data }, asked).intent
}

/** A call of a token of ERC-20. */
export function token(name: 'transfer' | 'approve' | 'transferFrom', args: readonly unknown[], fields: object = {}) {
  const called: unknown = { abi: erc20Abi, functionName: name, args }
  return transaction({ to: TOKEN, data: encodeFunctionData(called as never), ...fields })
}

/** Typed data as a server decodes it; `fields` are `name type` of the primary type. */
export function typedData(
  primaryType: string,
  types: Readonly<Record<string, string>>,
  message: object,
  domain: Readonly<Record<string, unknown>> = { chainId: 1, verifyingContract: TOKEN },
): PolicyIntent {
  const all = { chainId: 'uint256', verifyingContract: 'address' } as const
  const used = Object.entries(all).filter(([name]) => name in domain)
  const EIP712Domain = used.map(([name, type]) => ({ name, type }))
  const structs = Object.entries(types).map(([name, fields]) => [name, fields.split(',').map(fieldOf)])
  const value = { types: { EIP712Domain, ...Object.fromEntries(structs) }, primaryType, domain, message }
  return decode({ kind: 'ethereumTypedData', data: utf8(JSON.stringify(value)) }, asked).intent
}

function fieldOf(text: string) {
  const [name, type] = text.split(' ')
  return { name, type }
}

/** A message as a server decodes it. */
export const message = (text: string) => decode({ kind: 'ethereumMessage', data: utf8(text) }, asked).intent

/** An authorization as a server decodes it. */
export const authorization = (data: Hex) =>
  decode({ kind: 'ethereumAuthorization', data: hexToBytes(data) }, asked).intent

/** Whether a rule allows it. */
export const allows = (rule: Rule, intent: PolicyIntent): boolean => rule.judge(request(intent)).allowed

export const request = (intent: PolicyIntent): SignatureRequest => ({ clientId: 'ann', action: 'sign', intent })
