import type { EthereumTransactionIntent, EthereumTypedDataIntent } from '../ethereum/types.ts'

/** What a call of a token does. Addresses in lower case. */
export interface TokenCall {
  /** Who gets tokens, or may take them. */
  readonly to: string
  readonly amount: bigint
}

/** The calls of ERC-20 that are understood, by selector: recipient or spender, then amount. */
const CALLS: readonly string[] = ['a9059cbb', '095ea7b3'] // transfer(address,uint256), approve(address,uint256)

/** A transfer or an approval of ERC-20; undefined for every other call, such as `multicall` or `permit`. */
export function tokenCallOf({ data }: Pick<EthereumTransactionIntent, 'data'>): TokenCall | undefined {
  // The selector and two words, and nothing after them. The padding of the address must be zeros.
  const [, selector = '', to = '', amount = ''] =
    /^0x([0-9a-f]{8})0{24}([0-9a-f]{40})([0-9a-f]{64})$/.exec(data.toLowerCase()) ?? []
  if (!CALLS.includes(selector)) return undefined
  return { to: `0x${to}`, amount: BigInt(`0x${amount}`) }
}

/** An approval by signature. */
export interface Permit extends TokenCall {
  /** The token's address, in lower case. */
  readonly token: string
}

/** Uniswap's Permit2, which has the same address on every chain. */
const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3'

const PERMIT_FIELDS = 'owner address,spender address,value uint256,nonce uint256,deadline uint256'
const PERMIT_SINGLE = 'details PermitDetails,spender address,sigDeadline uint256'
const PERMIT_DETAILS = 'token address,amount uint160,expiration uint48,nonce uint48'
const PERMIT_TRANSFER = 'permitted TokenPermissions,spender address,nonce uint256,deadline uint256'
const TOKEN_PERMISSIONS = 'token address,amount uint256'

/**
 * The approval of a Permit (ERC-2612), or of a PermitSingle or PermitTransferFrom of Permit2; undefined for everything else.
 */
export function permitOf(typedData: EthereumTypedDataIntent): Permit | undefined {
  const { domain, primaryType, message, types } = typedData
  const contract = domain.verifyingContract?.toLowerCase()
  if (contract === undefined) return undefined
  const has = (name: string, fields: string) =>
    types[name]?.map((field) => `${field.name} ${field.type}`).join() === fields
  if (primaryType === 'Permit' && has('Permit', PERMIT_FIELDS)) {
    return permit(contract, message['spender'], message['value'])
  }
  if (contract !== PERMIT2) return undefined
  if (primaryType === 'PermitSingle' && has('PermitSingle', PERMIT_SINGLE) && has('PermitDetails', PERMIT_DETAILS)) {
    return inner(message['details'], message['spender'])
  }
  const isTransfer = has('PermitTransferFrom', PERMIT_TRANSFER) && has('TokenPermissions', TOKEN_PERMISSIONS)
  if (primaryType !== 'PermitTransferFrom' || !isTransfer) return undefined
  return inner(message['permitted'], message['spender'])
}

function inner(details: unknown, spender: unknown): Permit {
  const { token, amount } = details as { readonly token: string; readonly amount: string }
  return permit(token, spender, amount)
}

/** The values were read by their types, so that they are an address and a number in decimal. */
function permit(token: string, spender: unknown, amount: unknown): Permit {
  return { token: token.toLowerCase(), to: (spender as string).toLowerCase(), amount: BigInt(amount as string) }
}
