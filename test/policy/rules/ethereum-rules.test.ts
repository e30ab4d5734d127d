import { concatHex, encodeFunctionData, maxUint256, parseAbi, toRlp, type Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import { chains, contracts, delegates, domains, maximum, recipients } from '../../../src/policy/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import { allows, authorization, FRIEND, message, RAW, THIEF, token, TOKEN, transaction, typedData } from './support.ts'

const PERMIT = { Permit: 'owner address,spender address,value uint256,nonce uint256,deadline uint256' }
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
const PERMIT_SINGLE = {
  PermitSingle: 'details PermitDetails,spender address,sigDeadline uint256',
  PermitDetails: 'token address,amount uint160,expiration uint48,nonce uint48',
}
const permit = (spender: string, value: bigint | string, domain?: Record<string, unknown>) =>
  typedData('Permit', PERMIT, { owner: FRIEND, spender, value: String(value), nonce: '0', deadline: '1' }, domain)
const permitSingle = (spender: string, amount: bigint, contract = PERMIT2) =>
  typedData(
    'PermitSingle',
    PERMIT_SINGLE,
    { details: { token: TOKEN, amount: String(amount), expiration: 1, nonce: 0 }, spender, sigDeadline: 1 },
    { chainId: 1, verifyingContract: contract },
  )
const call = (text: string, args: readonly unknown[], fields: object = {}) => {
  const abi = parseAbi([`function ${text}`] as never)
  return transaction({ to: TOKEN, data: encodeFunctionData({ abi, args } as never), ...fields })
}
const transferData = (tail: Hex = '0x') =>
  concatHex([encodeFunctionData({ abi: parseAbi(['function transfer(address,uint256)']), args: [FRIEND, 5n] }), tail])
const signed = { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, yParity: 0 } as const
const withCode = { type: 'eip7702', authorizationList: [{ chainId: 1, address: THIEF, nonce: 0, ...signed }] }

/** A rule for a friend: 100 wei of the coin with fees of 21,000, and ten of the token. */
const friend = recipients([FRIEND])
const small = maximum({ 'ethereum:1': 21_100n, [`ethereum:1:${TOKEN}`]: 10n })

describe('recipients and maximum', () => {
  test.each<[string, PolicyIntent]>([
    ['a payment', transaction({ to: FRIEND, value: 100n })],
    ['a transfer of tokens', token('transfer', [FRIEND, 10n])],
    ['an approval', token('approve', [FRIEND, 10n])],
    ['an approval of nothing', token('approve', [FRIEND, 0n])],
    ['a permit', permit(FRIEND, 10n)],
    ['a permit of Permit2', permitSingle(FRIEND, 10n)],
  ])('allow %s', (_, intent) => {
    expect([allows(friend, intent), allows(small, intent)]).toEqual([true, true])
  })

  test.each<[string, PolicyIntent]>([
    ['a payment', transaction({ to: THIEF, value: 1n })],
    ['a transfer of tokens', token('transfer', [THIEF, 1n])],
    ['an approval', token('approve', [THIEF, 1n])],
    ['a permit', permit(THIEF, 1n)],
    ['a permit of Permit2', permitSingle(THIEF, 1n)],
    ['a payment with a call of tokens', token('transfer', [FRIEND, 1n], { value: 1n })],
  ])('recipients denies %s to somebody else', (_, intent) => {
    expect(allows(friend, intent)).toBe(false)
  })

  test.each<[string, PolicyIntent]>([
    ['a payment', transaction({ to: FRIEND, value: 101n })],
    ['a fee', transaction({ to: FRIEND, value: 0n, maxFeePerGas: 2n })],
    ['a fee in gas', transaction({ to: FRIEND, value: 0n, gas: 22_000n })],
    [
      'a fee of another type',
      transaction({
        to: FRIEND,
        type: 'legacy',
        gasPrice: 2n,
        maxFeePerGas: undefined,
        maxPriorityFeePerGas: undefined,
      }),
    ],
    [
      'blobs',
      transaction({
        to: FRIEND,
        type: 'eip4844',
        sidecars: false,
        maxFeePerBlobGas: 1n,
        blobVersionedHashes: [`0x01${'00'.repeat(31)}`],
      }),
    ],
    ['a transfer of tokens', token('transfer', [FRIEND, 11n])],
    ['an unlimited approval', token('approve', [FRIEND, maxUint256])],
    ['an unlimited permit', permit(FRIEND, maxUint256)],
    ['a permit of Permit2', permitSingle(FRIEND, 2n ** 160n - 1n)],
    ['another token', token('transfer', [FRIEND, 1n], { to: THIEF })],
    ['the same token on another chain', token('transfer', [FRIEND, 1n], { chainId: 137 })],
    ['a permit for another chain', permit(FRIEND, 1n, { chainId: 137, verifyingContract: TOKEN })],
    ['a payment on another chain', transaction({ to: FRIEND, value: 1n, chainId: 137 })],
  ])('maximum denies %s above what is allowed', (_, intent) => {
    expect(allows(small, intent)).toBe(false)
  })

  test.each<[string, PolicyIntent]>([
    ['what nobody knows', RAW],
    ['a message', message('give me all')],
    ['a contract that is made', transaction({ data: '0x6001' })],
    ['a multicall', call('multicall(bytes[])', [[transferData()]])],
    ['an execution by a safe', call('execTransaction(address,uint256,bytes,uint8)', [THIEF, 1n, '0x', 1])],
    [
      'a permit by a call',
      call('permit(address,address,uint256,uint256,uint8,bytes32,bytes32)', [
        FRIEND,
        FRIEND,
        1n,
        1n,
        27,
        signed.r,
        signed.s,
      ]),
    ],
    ['more allowance', call('increaseAllowance(address,uint256)', [FRIEND, 1n])],
    ['an approval for all', call('setApprovalForAll(address,bool)', [FRIEND, true])],
    ['a transfer from somebody', token('transferFrom', [FRIEND, FRIEND, 1n])],
    ['a transfer with bytes left over', transaction({ to: TOKEN, data: transferData('0x00') })],
    ['a transfer that is cut off', transaction({ to: TOKEN, data: transferData().slice(0, -2) as Hex })],
    ['a transfer with a dirty address', transaction({ to: TOKEN, data: `0xa9059cbb01${transferData().slice(12)}` })],
    ['data without a function', transaction({ to: FRIEND, data: '0x00' })],
    ['a change of code', transaction({ to: FRIEND, value: 1n, ...withCode })],
    ['an authorization', authorization(concatHex(['0x05', toRlp(['0x01', FRIEND, '0x'])]))],
    [
      'a payment on every chain',
      transaction({
        to: FRIEND,
        value: 1n,
        type: 'legacy',
        chainId: undefined,
        gasPrice: 1n,
        maxFeePerGas: undefined,
        maxPriorityFeePerGas: undefined,
      }),
    ],
    ['a permit without a chain', permit(FRIEND, 1n, { verifyingContract: TOKEN })],
    ['a permit without a contract', permit(FRIEND, 1n, { chainId: 1 })],
    ['a permit of Permit2 by another contract', permitSingle(FRIEND, 1n, TOKEN)],
    [
      'a permit of DAI',
      typedData(
        'Permit',
        { Permit: 'holder address,spender address,nonce uint256,expiry uint256,allowed bool' },
        { holder: FRIEND, spender: FRIEND, nonce: 0, expiry: 0, allowed: true },
      ),
    ],
    [
      'a permit with its fields in another order',
      typedData(
        'Permit',
        { Permit: 'spender address,owner address,value uint256,nonce uint256,deadline uint256' },
        { owner: FRIEND, spender: FRIEND, value: 1, nonce: 0, deadline: 1 },
      ),
    ],
    ['an order', typedData('Order', { Order: 'maker address,amount uint256' }, { maker: FRIEND, amount: 1 })],
  ])('deny %s, which they do not understand', (_, intent) => {
    expect([allows(friend, intent), allows(small, intent)]).toEqual([false, false])
  })

  test('maximum takes a token in any case, and no other names', () => {
    const lower = maximum({ 'ethereum:1': 21_000n, [`ethereum:1:${TOKEN.toLowerCase()}`]: 10n })
    expect(allows(lower, token('transfer', [FRIEND, 10n]))).toBe(true)
    for (const wrong of [
      {},
      { eth: 1n },
      { 'ethereum:1': 1 },
      { 'ethereum:1': -1n },
      { 'ethereum:1:0x12': 1n },
      null,
    ]) {
      expect(() => maximum(wrong as never)).toThrow(TypeError)
    }
    for (const wrong of [[], [1], FRIEND, undefined]) expect(() => recipients(wrong as never)).toThrow(TypeError)
  })
})

describe('chains', () => {
  test.each<[string, PolicyIntent, boolean]>([
    ['a transaction', transaction({ to: FRIEND }), true],
    ['typed data', permit(THIEF, maxUint256), true],
    ['an authorization', authorization(concatHex(['0x05', toRlp(['0x01', THIEF, '0x'])])), true],
    ['a transaction of another chain', transaction({ to: FRIEND, chainId: 137 }), false],
    ['an authorization for every chain', authorization(concatHex(['0x05', toRlp(['0x', THIEF, '0x'])])), false],
    ['typed data of no chain', permit(THIEF, 1n, { verifyingContract: TOKEN }), false],
    ['typed data of another chain', permit(THIEF, 1n, { chainId: 137, verifyingContract: TOKEN }), false],
    ['a message', message('hello'), false],
    ['what nobody knows', RAW, false],
  ])('judges %s', (_, intent, allowed) => {
    expect(allows(chains(1, 10), intent)).toBe(allowed)
  })
})

describe('contracts and delegates', () => {
  test.each<[string, PolicyIntent, boolean]>([
    ['any call', call('multicall(bytes[])', [[]]), true],
    ['a call of another contract', call('multicall(bytes[])', [[]], { to: THIEF }), false],
    ['a contract that is made', transaction({ data: '0x6001' }), false],
    ['a change of code', transaction({ to: TOKEN, ...withCode }), false],
    ['typed data of the contract', permit(FRIEND, 1n), false],
    ['what nobody knows', RAW, false],
  ])('contracts judges %s', (_, intent, allowed) => {
    expect(allows(contracts([TOKEN]), intent)).toBe(allowed)
  })

  test.each<[string, PolicyIntent, boolean]>([
    ['an authorization', authorization(concatHex(['0x05', toRlp(['0x01', TOKEN, '0x'])])), true],
    ['one for every chain', authorization(concatHex(['0x05', toRlp(['0x', TOKEN, '0x'])])), false],
    ['one for another contract', authorization(concatHex(['0x05', toRlp(['0x01', THIEF, '0x'])])), false],
    ['a transaction', transaction({ to: TOKEN }), false],
  ])('delegates judges %s', (_, intent, allowed) => {
    expect(allows(delegates([TOKEN]), intent)).toBe(allowed)
  })
})

describe('domains', () => {
  const rule = domains([
    { chainId: 1, verifyingContract: TOKEN, primaryTypes: ['Order'] },
    { chainId: 5, verifyingContract: FRIEND },
  ])
  const order = (domain?: Record<string, unknown>) =>
    typedData('Order', { Order: 'amount uint256' }, { amount: 1 }, domain)

  test.each<[string, PolicyIntent, boolean]>([
    ['a type of it', order(), true],
    ['any type of one without types', permit(THIEF, 1n, { chainId: 5, verifyingContract: FRIEND }), true],
    ['another type', permit(THIEF, 1n), false],
    ['another chain', order({ chainId: 5, verifyingContract: TOKEN }), false],
    ['another contract', order({ chainId: 1, verifyingContract: FRIEND }), false],
    ['no chain', order({ verifyingContract: TOKEN }), false],
    ['no contract', order({ chainId: 1 }), false],
    ['no domain', order({}), false],
    ['what nobody knows', RAW, false],
  ])('judges %s', (_, intent, allowed) => {
    expect(allows(rule, intent)).toBe(allowed)
  })

  test('are checked', () => {
    for (const wrong of [
      [],
      [{}],
      [undefined],
      new Array(1),
      [{ chainId: '1', verifyingContract: TOKEN }],
      [{ chainId: 1 }],
    ]) {
      expect(() => domains(wrong as never)).toThrow(TypeError)
    }
    for (const wrong of [[], [0], [1.5], ['1']]) expect(() => chains(...(wrong as never[]))).toThrow(TypeError)
    for (const make of [contracts, delegates]) expect(() => make(['0x12'])).toThrow(TypeError)
  })
})
