import { Transaction } from 'ethers'
import { custom, parseTransaction, type Hex } from 'viem'
import { mainnet } from 'viem/chains'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../src/adapters/viem/account.ts'
import { ethereumProvider } from '../../src/adapters/viem/provider.ts'
import type { RpcTransaction } from '../../src/adapters/viem/transaction-request.ts'
import { toHex } from '../../src/util/bytes.ts'
import { fakeWallet } from '../support/fake-wallet.ts'
import type { SeededRandom } from '../support/random.ts'
import { accessList, amount, generateTransaction, hex, TYPES } from './support/ethereum-transactions.ts'
import { PATIENCE, repeat } from './support/mutate.ts'

test('a transaction of every type is to ethers what it was', { timeout: PATIENCE }, async () => {
  const seen = new Set<string>()
  await repeat(120, async (random) => {
    const wallet = fakeWallet(random)
    const account = await createEthereumAccount(wallet)
    const transaction = await generateTransaction(random, account)
    const raw = await account.signTransaction(transaction as never)
    const read = Transaction.from(raw)
    seen.add(transaction.type)
    expect(read.from).toBe(account.address)
    expect(read.unsignedHash).toBe(`0x${toHex(wallet.requests.at(-1).signed)}`)
    expect(read.type).toBe(TYPES.indexOf(transaction.type))
    expect([read.nonce, read.gasLimit, read.value, read.data]).toEqual([
      transaction.nonce,
      transaction.gas,
      transaction.value,
      transaction.data,
    ])
    expect(read.to?.toLowerCase()).toBe(transaction.to)
    expect(read.chainId).toBe(BigInt(transaction.chainId ?? 0))
    if (transaction.type === 'eip7702') expect(read.authorizationList!.length).toBe(1)
    // Signed again, with what the first signature left in it.
    const again = Transaction.from(await account.signTransaction({ ...parseTransaction(raw), nonce: 7 } as never))
    expect([again.from, again.nonce, again.value]).toEqual([account.address, 7, read.value])
  })
  expect([...seen].sort()).toEqual([...TYPES].sort())
})

const quantity = (random: SeededRandom, bits: number): string => `0x${amount(random, bits).toString(16)}`

const HOSTILE: readonly unknown[] = [
  ...[null, true, 0, 1, '', '0x', '0x0', '0x00', '1', '0xzz', '-0x1', '0X10', [], {}, ['0x2'], '0x1'.padEnd(67, '0')],
  ...['0x3', '0x4', 'toString', `0x${'ff'.repeat(20)}`, `0x${'aB'.repeat(20)}`, '0xffffffffffffffffff', 'legacy'],
]

const NAMES: readonly string[] = [
  ...['from', 'to', 'chainId', 'type', 'nonce', 'value', 'data', 'input', 'gas', 'gasPrice', 'maxFeePerGas'],
  ...['maxPriorityFeePerGas', 'accessList', 'authorizationList', 'blobVersionedHashes', 'gasLimit', '__proto__'],
]

/** What a page may ask for: right for one type, and then now and then with fields that are wrong or of another type. */
function generateRequest(random: SeededRandom, own: string): Record<string, unknown> {
  const fee = amount(random, 60)
  const feeFields = random.pick([
    {},
    { gasPrice: `0x${fee.toString(16)}` },
    { maxFeePerGas: `0x${fee.toString(16)}`, maxPriorityFeePerGas: '0x0' },
  ])
  const request: Record<string, unknown> = { to: hex(random, 20), value: quantity(random, 90), ...feeFields }
  if (random.int(0, 1) === 1) request['from'] = random.pick([own, own.toLowerCase()])
  if (random.int(0, 1) === 1) request['gas'] = quantity(random, 60)
  if (random.int(0, 2) === 0) request['nonce'] = quantity(random, 50)
  if (random.int(0, 1) === 1) request[random.pick(['data', 'input'])] = hex(random, random.int(0, 40))
  if (random.int(0, 2) === 0) request['accessList'] = accessList(random)
  if (random.int(0, 2) === 0) request['type'] = random.pick(['0x0', '0x1', '0x2'])
  for (let changes = random.int(0, 2); changes > 0; changes--) {
    const value = random.pick([...HOSTILE, quantity(random, 256), hex(random, 20), accessList(random)])
    const name = random.pick(NAMES)
    if (random.int(0, 2) === 0) Reflect.deleteProperty(request, name)
    else Object.defineProperty(request, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return request
}

/** The node of a chain with or without EIP-1559, and with fills that would change what was asked for. */
function node(random: SeededRandom, sent: Hex[]) {
  const hasBaseFee = random.int(0, 2) > 0
  const lies = { to: hex(random, 20), value: '0x7', input: '0xbad0', nonce: '0x63', from: hex(random, 20) }
  const filled = { ...lies, gas: quantity(random, 50), maxFeePerGas: '0x64', maxPriorityFeePerGas: '0x1', type: '0x2' }
  const answers: Record<string, unknown> = {
    eth_chainId: '0x1',
    eth_getTransactionCount: '0x5',
    eth_estimateGas: '0x5208',
    eth_gasPrice: '0x64',
    eth_maxPriorityFeePerGas: '0x1',
    eth_getBlockByNumber: {
      number: '0x1',
      timestamp: '0x1',
      transactions: [],
      ...(hasBaseFee ? { baseFeePerGas: '0x9' } : {}),
    },
    ...(random.int(0, 2) === 0 ? { eth_fillTransaction: { raw: '0x', tx: { ...filled, chainId: '0x1' } } } : {}),
  }
  const request = async ({ method, params }: { method: string; params?: readonly unknown[] }): Promise<unknown> => {
    if (method === 'eth_sendRawTransaction') return `0x${String(sent.push(params![0] as Hex)).padStart(64, '0')}`
    if (method in answers) return answers[method]
    throw Object.assign(new Error(`no method ${method}`), { code: -32601 })
  }
  return custom({ request } as never, { retryCount: 0 })
}

/** What ethers reads, in the form in which it was approved. */
function approvedForm(raw: Hex): RpcTransaction {
  const { from, to, chainId, type, value, data, gasLimit, gasPrice, maxFeePerGas, maxPriorityFeePerGas, accessList } =
    Transaction.from(raw)
  const rpc = (number: bigint | number): Hex => `0x${number.toString(16)}`
  return {
    from: from as Hex,
    ...(to === null ? {} : { to: to as Hex }),
    chainId: rpc(chainId),
    type: rpc(type!),
    gas: rpc(gasLimit),
    value: rpc(value),
    data: data as Hex,
    ...(type === 2
      ? { maxFeePerGas: rpc(maxFeePerGas!), maxPriorityFeePerGas: rpc(maxPriorityFeePerGas!) }
      : { gasPrice: rpc(gasPrice!) }),
    ...(type === 0 ? {} : { accessList: lowerCase(accessList) as never }),
  }
}

const lowerCase = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? [])
      .toLowerCase()
      .replaceAll('storagekeys', 'storageKeys'),
  )

/** Numbers as such, all else in lower case. */
function comparable(name: string, value: unknown): unknown {
  const isNumber = !['from', 'to', 'data', 'input', 'accessList'].includes(name)
  return isNumber ? BigInt(value as string) : lowerCase(value)
}

test(
  'what is approved of a page’s transaction is what ethers reads of the one that is sent',
  { timeout: PATIENCE },
  async () => {
    let [accepted, refused] = [0, 0]
    await repeat(500, async (random) => {
      const wallet = fakeWallet(random)
      const account = await createEthereumAccount(wallet)
      const sent: Hex[] = []
      const approved: RpcTransaction[] = []
      const provider = ethereumProvider({
        account,
        chain: mainnet,
        transport: node(random, sent),
        approve: (request) => approved.push(request.params[0] as RpcTransaction) > 0,
      })
      const given = generateRequest(random, account.address)
      const place = JSON.stringify(given)
      const request = { method: 'eth_sendTransaction', params: [given] } as never
      const answer: unknown = await provider.request(request).catch((error: unknown) => error)
      if (typeof answer !== 'string') {
        refused++
        expect(answer, place).toMatchObject({ name: 'ProviderRpcError', code: expect.any(Number) })
        expect([-32602, -32603, 4100], `${place} ${String(answer)}`).toContain((answer as { code: number }).code)
        // Nobody is asked to approve what cannot be signed.
        expect([...approved, ...wallet.requests, ...sent], place).toEqual([])
        return
      }
      accepted++
      const { nonce, accessList: list, ...seen } = approved[0]!
      const signed = approvedForm(sent[0]!)
      const { accessList: signedList, ...rest } = signed
      expect({ value: '0x0', data: '0x', ...seen }, place).toEqual(rest)
      expect(lowerCase(list), place).toEqual(signedList ?? [])
      expect(Transaction.from(sent[0]).nonce, place).toBe(Number(nonce ?? 5))
      // Each field that the page wrote is there as it wrote it.
      const other = { input: signed.data, gasLimit: signed.gas, nonce: Transaction.from(sent[0]).nonce }
      const fields: Record<string, unknown> = { ...signed, ...other }
      for (const [name, value] of Object.entries(given)) {
        if (value !== null) expect(comparable(name, fields[name]), place).toEqual(comparable(name, value))
      }
    })
    expect(accepted).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(50)
  },
)
