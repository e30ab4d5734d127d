import { hexToBigInt, parseTransaction, recoverMessageAddress, type Hex } from 'viem'
import { expect, test } from 'vitest'
import type { ProviderRequest } from '../../../src/adapters/viem/signature-request.ts'
import { MpcError } from '../../../src/errors.ts'
import { OTHER, TRANSFER, TYPED_DATA, setup } from './example-provider.ts'

test('asks for approval before each signature, of all that is then signed', async () => {
  const asked: unknown[] = []
  const transaction: Record<string, string> = { ...TRANSFER }
  const { request, account, node, wallet } = await setup({
    approve: (request) => {
      asked.push(request)
      transaction['value'] = '0xffff'
      return asked.length > 1
    },
  })
  const refused = { code: 4001, message: 'the user refused the request' }
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject(refused)
  expect(wallet.requests).toEqual([])
  transaction['value'] = '0x10'
  await request('eth_sendTransaction', [transaction])
  await request('eth_signTypedData_v4', [account.address, TYPED_DATA])
  expect(asked).toEqual([
    { method: 'personal_sign', params: ['0x00', account.address] },
    { method: 'eth_sendTransaction', params: [{ ...TRANSFER, from: account.address, chainId: '0x7a69', type: '0x2' }] },
    {
      method: 'eth_signTypedData_v4',
      params: [account.address, { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: '31337' } }],
    },
  ])
  expect(parseTransaction(node.sent[0] as Hex).value).toBe(hexToBigInt('0x10'))
})

test('what is approved is one form of what a page wrote, and nobody can change it', async () => {
  const asked: ProviderRequest[] = []
  const { request, account } = await setup({
    approve: (request) => {
      asked.push(request)
      expect(() => ((request.params as unknown as unknown[])[0] = '0xff')).toThrow(TypeError)
      if (request.method !== 'eth_signTypedData_v4') return true
      const { message } = request.params[1]
      expect(() => ((message as Record<string, unknown>)['amount'] = '6')).toThrow(TypeError)
      return true
    },
  })
  const own = account.address
  const message = 'a text'
  const signature = (await request('personal_sign', [message, own.toLowerCase()])) as Hex
  expect(await recoverMessageAddress({ message, signature })).toBe(own)
  await request('eth_signTypedData_v4', [own.toLowerCase(), `{"amount":1,${JSON.stringify(TYPED_DATA).slice(1)}`])
    .then(() => expect.fail('an unknown field'))
    .catch((error: unknown) => expect(error).toMatchObject({ code: -32602 }))
  const hexAmount = { ...TYPED_DATA, message: { amount: '0x0005' } }
  await request('eth_signTypedData_v4', [own.toLowerCase(), JSON.stringify(hexAmount)])
  const canonical = { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: '31337' } }
  expect(asked).toEqual([
    { method: 'personal_sign', params: ['0x612074657874', own] },
    { method: 'eth_signTypedData_v4', params: [own, canonical] },
  ])
})

test('what the node fills in is approved before it is signed, and does not replace what the page gave', async () => {
  const asked: unknown[] = []
  const filled = { gas: '0x7530', maxFeePerGas: '0x77', maxPriorityFeePerGas: '0x7', nonce: '0x63', type: '0x2' }
  const { request, account, node } = await setup({
    answers: {
      eth_fillTransaction: () => ({
        raw: '0x',
        tx: { ...filled, to: account.address, value: '0xffff', chainId: '0x7a69' },
      }),
    },
    approve: ({ params }) => {
      asked.push(params[0])
      return true
    },
  })
  await request('eth_sendTransaction', [{ to: OTHER, value: '0x10', gas: '0x5208', maxFeePerGas: '0x64' }])
  const approved = {
    from: account.address,
    to: OTHER,
    value: '0x10',
    chainId: '0x7a69',
    type: '0x2',
    gas: '0x5208',
    maxFeePerGas: '0x64',
    maxPriorityFeePerGas: '0x7',
  }
  expect(asked).toEqual([approved])
  expect(parseTransaction(node.sent[0] as Hex)).toMatchObject({
    to: OTHER.toLowerCase(),
    value: 16n,
    gas: 21_000n,
    maxFeePerGas: 100n,
    maxPriorityFeePerGas: 7n,
    nonce: 0,
  })
})

test('anything but true is no approval', async () => {
  for (const answer of ['yes', 1, {}, undefined, Object(true)] as never[]) {
    const { request, account, wallet } = await setup({ approve: () => answer })
    await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject({ code: 4001 })
    expect(wallet.requests).toEqual([])
  }
})

const circle = new Error('a circle')
circle.cause = circle

test.each([
  ['an aborted dialog', new DOMException('gone', 'AbortError'), 4001],
  ['a dialog that timed out', new DOMException('late', 'TimeoutError'), 4001],
  ['an abort inside', new Error('no dialog', { cause: new DOMException('gone', 'AbortError') }), 4001],
  ['the abort of a wallet', new MpcError('ABORTED', 'enough'), 4001],
  ['a refusal of another provider', Object.assign(new Error('no'), { code: 4100 }), 4100],
  ['an error of JSON-RPC without a class', { code: -32002, message: 'one dialog is open' }, -32002],
  ['a failure', new Error('the dialog broke'), -32603],
  ['another DOMException', new DOMException('the dialog broke', 'DataCloneError'), -32603],
  ['an error of gRPC', Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7 }), -32603],
  ['an error of gRPC with the code of a revert', Object.assign(new Error('3 INVALID_ARGUMENT'), { code: 3 }), -32603],
  ['an error of Node', Object.assign(new Error('no socket'), { code: 'ECONNREFUSED' }), -32603],
  ['a code that is no whole number', Object.assign(new Error('half'), { code: -32000.5 }), -32603],
  ['a circle', circle, -32603],
  ['nothing', undefined, -32603],
  ['a text', 'no', -32603],
  ['an error that cannot be read', hostileError(), -32603],
])('an approval that ends with %s is a denial with a code of EIP-1193 or JSON-RPC', async (_name, thrown, code) => {
  for (const approve of [async () => raise(thrown), () => raise(thrown)]) {
    const { request, account, wallet } = await setup({ approve })
    const denial = { name: 'ProviderRpcError', code }
    await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject(denial)
    expect(wallet.requests).toEqual([])
  }
})

function raise(thrown: unknown): never {
  throw thrown
}

function hostileError(): object {
  return new Proxy(new Error('hidden'), {
    get: (error, name) => (name === 'stack' || typeof name === 'symbol' ? Reflect.get(error, name) : raise('never')),
  })
}

test('an approval that never comes is a refusal, and what comes later changes nothing', async () => {
  let late: ((answer: boolean) => void) | undefined
  let aborted = false
  const { request, account, wallet } = await setup({
    approvalTimeoutMs: 1,
    approve: (_request, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise((resolve) => (late = resolve))
    },
  })
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject({
    code: 4001,
    message: 'nobody approved the request in time',
  })
  late!(true)
  await Promise.resolve()
  expect(aborted).toBe(true)
  expect(wallet.requests).toEqual([])
})
