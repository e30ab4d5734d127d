import { custom, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../../../src/adapters/viem/provider.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

export type Answer = (params: readonly unknown[]) => unknown

export const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const TRANSFER = { to: OTHER, value: '0x10', gas: '0x5208', maxFeePerGas: '0x64', maxPriorityFeePerGas: '0x1' }

export const TYPED_DATA = {
  domain: { name: 'Ether Mail', chainId: foundry.id },
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'chainId', type: 'uint256' },
    ],
    Mail: [{ name: 'amount', type: 'uint256' }],
  },
  primaryType: 'Mail',
  message: { amount: '5' },
}

export function typedDataOf(type: string, value: unknown, inner?: readonly { name: string; type: string }[]): unknown {
  const { EIP712Domain } = TYPED_DATA.types
  const types = { EIP712Domain, Mail: [{ name: 'amount', type }], ...(inner && { Inner: inner }) }
  return { ...TYPED_DATA, types, message: { amount: value } }
}

/** A node that has the transactions it was sent. */
export function fakeNode(answers: Record<string, Answer> = {}) {
  const calls: { method: string; params: readonly unknown[] }[] = []
  const sent: Hex[] = []
  const known: Record<string, Answer> = {
    eth_getTransactionCount: () => `0x${sent.length.toString(16)}`,
    eth_getBlockByNumber: () => ({ baseFeePerGas: '0x1', timestamp: '0x1', number: '0x1', transactions: [] }),
    eth_maxPriorityFeePerGas: () => '0x1',
    eth_chainId: () => `0x${foundry.id.toString(16)}`,
    eth_sendRawTransaction: ([raw]) =>
      `0x${sent
        .push(raw as Hex)
        .toString(16)
        .padStart(64, '0')}`,
    ...answers,
  }
  const transport = custom(
    {
      request: async ({ method, params = [] }: { method: string; params?: readonly unknown[] }) => {
        calls.push({ method, params })
        const answer = known[method]
        if (answer === undefined) throw Object.assign(new Error(`no method ${method}`), { code: -32601 })
        return answer(params)
      },
    },
    { retryCount: 0 },
  )
  return { calls, sent, transport }
}

/** A provider with a wallet of its own and a node that answers as told. */
export async function setup(
  options: { answers?: Record<string, Answer>; keys?: (wallet: FakeWallet) => Partial<FakeWallet> } & Pick<
    EthereumProviderParameters,
    'approve' | 'approvalTimeoutMs'
  > = {},
) {
  const { answers, keys = () => ({}), ...parameters } = options
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount({ ...wallet, ...keys(wallet) })
  const node = fakeNode(answers)
  const provider = ethereumProvider({ account, chain: foundry, transport: node.transport, ...parameters })
  const request = (method: string, params?: unknown): Promise<unknown> => provider.request({ method, params } as never)
  return { wallet, account, node, provider, request }
}
