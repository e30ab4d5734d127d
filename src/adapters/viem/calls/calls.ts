import { numberToHex, type Address, type Hex, type LocalAccount } from 'viem'

import { encodeBatch, type BatchCall } from '../../../util/erc7821.ts'
import { chainId } from '../chain-requests.ts'
import type { ConnectedChain, ProviderChains } from '../chains.ts'
import { EthereumProviderError, PROVIDER_CODES, refuseParams } from '../provider-error.ts'
import { address } from '../rpc-values.ts'
import { fillTransaction, sendTransaction } from '../send-transaction.ts'
import { expectSigner, type ProviderRequest } from '../signature-request.ts'
import { formatTransaction, type TransactionRequest } from '../transaction-request.ts'
import { estimateUpgrade, expectStatus, findAtomicity, isBatchable, notAtomic, type Atomicity } from './atomic.ts'
import { createBatches, randomId, receiptOf, type Batch } from './batches.ts'
import { parseCalls, parseCallsId, type Call, type CallsRequest } from './request.ts'

const METHODS = ['wallet_sendCalls', 'wallet_getCallsStatus', 'wallet_getCapabilities'] as const

/** A method of EIP-5792. */
export type CallsMethod = (typeof METHODS)[number]

/** Whether a method is one of EIP-5792. */
export function isCallsMethod(method: string): method is CallsMethod {
  return (METHODS as readonly string[]).includes(method)
}

/** The contracts by which an account executes batches, by the chain's id. */
export type Delegates = Readonly<Record<number, Address>>

/** What batches need of their provider. */
export interface CallsContext {
  readonly account: LocalAccount
  readonly chains: ProviderChains
  readonly delegates: Delegates
  /** @throws unless the user approves, and the page has the account */
  readonly expectApproval: (request: ProviderRequest) => Promise<void>
  /** Fills in, asks for approval, signs and sends a transaction. */
  readonly send: (chain: ConnectedChain, asked: TransactionRequest) => Promise<Hex>
}

/** How long a call of a batch may take until it is in a block. Later ones are not sent then. */
const LONGEST_WAIT_MS = 600_000

/** Creates what responds to the methods of EIP-5792. */
export function createCalls({ account, chains, delegates, expectApproval, send }: CallsContext) {
  const batches = createBatches()
  /** The ids of the batches that are about to be sent. */
  const begun = new Set<string>()

  const atomicityOn = (chain: ConnectedChain): Promise<Atomicity> => findAtomicity(chain, account, delegates[chain.id])

  async function sendCalls(request: CallsRequest): Promise<{ id: string }> {
    const { id = randomId(), from, calls } = request
    if (from !== undefined) expectSigner(from, { address: account.address })
    const chain = chains.find(request.chainId)
    if (chain === undefined) {
      throw new EthereumProviderError(PROVIDER_CODES.unsupportedChain, 'this provider does not know the chain')
    }
    if (begun.has(id) || batches.has(id)) {
      throw new EthereumProviderError(PROVIDER_CODES.duplicateId, 'there is a batch with this id')
    }
    begun.add(id)
    try {
      const batch = await begin(chain, request)
      batches.add(id, batch)
      if (!batch.ended) void sendRest(batch, calls.slice(1))
      return { id }
    } finally {
      begun.delete(id)
    }
  }

  /** Sends all of the batch if it is one transaction, else its first call. */
  async function begin(chain: ConnectedChain, request: CallsRequest): Promise<Batch> {
    const { calls, atomicRequired } = request
    const isOne = calls.length === 1
    if (!isOne && isBatchable(calls, account.address)) {
      const atomicity = await atomicityOn(chain)
      if (atomicity.status !== 'unsupported') {
        const hash = await sendAsOne(chain, { ...request, calls }, atomicity)
        return { chain, atomic: true, transactions: 1, hashes: [hash], ended: true }
      }
    }
    if (!isOne && atomicRequired) throw notAtomic()
    const hash = await send(chain, transactionOf(calls[0]))
    return { chain, atomic: isOne, transactions: calls.length, hashes: [hash], ended: isOne }
  }

  /** A batch as one transaction of the account to itself, which gets the code for it if it has none (EIP-7702, ERC-7821). */
  async function sendAsOne(
    chain: ConnectedChain,
    { calls, atomicRequired }: Pick<CallsRequest, 'atomicRequired'> & { readonly calls: readonly BatchCall[] },
    atomicity: Exclude<Atomicity, { status: 'unsupported' }>,
  ): Promise<Hex> {
    const { node } = chain
    const { address: from } = account
    const data = encodeBatch(calls)
    const delegate = atomicity.status === 'ready' ? atomicity.delegate : undefined
    const gas = delegate && (await estimateUpgrade(chain, from, data, delegate))
    const transaction = await fillTransaction(node, {
      from,
      to: from,
      data,
      type: 'eip1559',
      ...(gas !== undefined && { gas }),
    })
    const shown = calls.map(({ to, value, data: bytes }) => ({
      to,
      value: numberToHex(value),
      data: bytes,
    }))
    const batch = {
      from,
      chainId: chain.hexId,
      atomicRequired,
      calls: shown,
      transaction: formatTransaction(transaction),
    }
    await expectApproval({
      method: 'wallet_sendCalls',
      params: [{ ...batch, ...(delegate && { delegate: delegate.address }) }],
    })
    return chain.inTurn(async () => {
      await expectStatus(chain, account, atomicity)
      return sendTransaction(node, transaction, delegate?.address)
    })
  }

  /** Sends the calls after the first, each once the one before is in a block and has not reverted. */
  async function sendRest(batch: Batch, rest: readonly Call[]): Promise<void> {
    try {
      let [last] = batch.hashes
      for (const call of rest) {
        const { status } = await mined(batch.chain, last)
        if (status !== '0x1') return
        last = await send(batch.chain, transactionOf(call))
        batch.hashes.push(last)
      }
    } catch {
      // The page learns from the status that it was not sent.
    } finally {
      batch.ended = true
    }
  }

  async function capabilities(params: readonly unknown[]): Promise<object> {
    const [of, ids] = params
    expectSigner(address(of, 'the address'), account)
    if (ids !== undefined && !Array.isArray(ids)) return refuseParams('the chains must be a list')
    const wanted = ids && new Set(ids.map((id: unknown) => chainId(id)))
    const asked = chains.all.filter(({ id }) => wanted === undefined || wanted.has(id))
    const entries = asked.map(async (chain) => {
      // A node that does not respond promises nothing.
      const { status } = await atomicityOn(chain).catch(() => ({ status: 'unsupported' }))
      return [chain.hexId, { atomic: { status } }]
    })
    return Object.fromEntries(await Promise.all(entries)) as object
  }

  return async (method: CallsMethod, params: readonly unknown[]): Promise<unknown> => {
    switch (method) {
      case 'wallet_sendCalls':
        return sendCalls(parseCalls(params[0]))
      case 'wallet_getCallsStatus':
        return batches.status(parseCallsId(params[0]))
      case 'wallet_getCapabilities':
        return capabilities(params)
    }
  }
}

function transactionOf({ to, value, data }: Call): TransactionRequest {
  return { ...(to !== undefined && { to }), value, ...(data !== '0x' && { data }) }
}

/** Waits until a transaction is in a block. */
async function mined(chain: ConnectedChain, hash: Hex): Promise<{ readonly status: Hex }> {
  for (const end = Date.now() + LONGEST_WAIT_MS; Date.now() < end;) {
    const receipt = await receiptOf(chain, hash)
    if (receipt !== null) return receipt
    await new Promise((resolve) => setTimeout(resolve, chain.node.pollingInterval))
  }
  throw new EthereumProviderError(PROVIDER_CODES.internal, 'a call of the batch is in no block')
}
