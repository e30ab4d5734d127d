import type { KeySource } from 'reshare'
import { ethereumAccount } from 'reshare/viem'
import { maxUint256, type Hex } from 'viem'
import { foundry } from 'viem/chains'

const USD_COIN = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const STRANGER = '0x000000000000000000000000000000000000dEaD'

/** The fields of a permit (ERC-2612). */
const Permit = [
  { name: 'owner', type: 'address' },
  { name: 'spender', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
]

/** Signs a permit of all USD Coin that the wallet has, for a stranger. @returns in hex after `0x` */
export async function signPermit(keys: KeySource, walletId: string): Promise<Hex> {
  const account = await ethereumAccount(keys, { walletId })
  return account.signTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: foundry.id, verifyingContract: USD_COIN },
    types: { Permit },
    primaryType: 'Permit',
    message: { owner: account.address, spender: STRANGER, value: maxUint256, nonce: 0n, deadline: maxUint256 },
  })
}
