import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import type { ServerOptions } from '../../../src/server/index.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { ClientOperation, codeOf, play, type Answer, type ServerClient } from '../../support/server-client.ts'
import { codeOrOk as code, limitedOwner } from '../support/limited-owner.ts'
import { backup, newWallet, prove, recover, refresh, setIdOf, type TestWallet } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

const HOUR = 60 * 60_000
const CODE = 'the right code'

let world: World
let clientId: string
let wallet: TestWallet
let half: WalletShares
const { counts, limited, owner, signIn } = limitedOwner((made) => ({ world, clientId, wallet, half } = made))

describe('what the owner needs is used up neither', () => {
  const tight = {
    openOperations: 2,
    lockOut: { failures: 2, withinMs: HOUR, lockedMs: HOUR },
    rates: {
      generate: { count: 1, perMs: HOUR },
      recover: { count: 2, perMs: HOUR },
      backup: { count: 2, perMs: HOUR },
    },
  }
  const rows = () => world.database.query('select kind from reshare_operations where client_id = $1', [clientId])
  const recovers = async (client: ServerClient) => {
    const recovered = await play(recover(client, half, { existingSets: 'keep' }))
    await play(prove(client, recovered.prepared[0] as WalletShares))
  }

  test('by whoever has the token and no share: nothing begins, and nothing is counted', async () => {
    const client = owner(limited(tight, { authorizeExport: () => raise(new Error('asked')) }))
    const forged = wrong(wallet.signing)
    const before = await rows()
    const begun = [
      () => backup(client, { ...wallet, signing: forged }),
      () => refresh(client, { ...wallet, signing: forged }),
      () => prove(client, forged),
      () => recover(client, wrong(half)),
      () => exportOf(client, CODE, forged),
    ]
    for (const begin of begun) {
      for (let i = 0; i < 4; i++) expect(code(await begin().post())).toBe('PROTOCOL_ABORTED')
      const bare = begin()
      bare.body = encodeRoundBody({ header: bare.request, messages: decodeRoundBody(bare.body!).messages })
      expect(code(await bare.post())).toBe('BAD_REQUEST')
    }
    expect([await rows(), await counts()]).toEqual([before, []])
    for (let i = 0; i < 2; i++) await recovers(client)
  })

  test('by a proof that was seen: it begins what it was made for, once', async () => {
    const client = owner(limited(tight))
    const seen = recover(client, half)
    const { header, messages } = decodeRoundBody(seen.body!)
    const moved = [
      Object.assign(recover(client, half), { body: seen.body }),
      Object.assign(recover(client, half), { operationId: seen.operationId }),
      Object.assign(recover(client, half), {
        operationId: seen.operationId,
        body: encodeRoundBody({ header: { ...(header as object), existingSets: 'retire' }, messages }),
      }),
    ]
    for (const operation of moved) expect(code(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await counts()).toEqual([])
    await play(seen)
    expect(await counts()).toEqual([{ kind: 'recover', count: 1 }])
  })

  test('by what a thief of the token does with a wallet of his own', async () => {
    const client = owner(limited(tight))
    const own = await newWallet(client)
    const [made] = (await play(backup(client, own))).prepared as [WalletShares]
    for (let i = 0; i < 2; i++) await play(recover(client, made))
    expect(code(await recover(client, made).post())).toBe('RATE_LIMITED')
    for (let i = 0; i < 2; i++) await recovers(client)
  })

  test('by what a stolen device does with its set', async () => {
    const client = owner(limited(tight))
    const [made] = (await play(backup(client, wallet))).prepared as [WalletShares]
    for (let i = 0; i < 2; i++) await play(recover(client, made))
    for (const operation of [backup(client, wallet), prove(client, wallet.signing)])
      operation.take(await operation.post())
    expect(code(await backup(client, wallet).post())).toBe('RATE_LIMITED')
    for (let i = 0; i < 2; i++) await recovers(client)
  })
})

describe('lock-out', () => {
  const lockOut = { failures: 3, withinMs: HOUR, lockedMs: 2 * HOUR }

  test('after failed proofs nothing begins that needs one of the set; all else goes on', async () => {
    const server = limited({ lockOut })
    const client = owner(server)
    for (let i = 0; i < lockOut.failures; i++) {
      const last = await fail(client)
      expect(code(await last.post())).toBe('PROTOCOL_ABORTED')
    }
    const answers = [backup(client, wallet), refresh(client, wallet), prove(client, wallet.signing), exportOf(client)]
    const refused = await Promise.all(answers.map((operation) => operation.post()))
    for (const answer of refused) expect(answer).toEqual(refused[0])
    expect(codeOf(refused[0] as Answer)).toBe('RATE_LIMITED')
    expect(code(await signIn(client))).toBe('OK')
    // The way back, and what it brings, are not the thief's to lock.
    const recovered = await play(recover(client, half))
    await play(prove(client, recovered.prepared[0] as WalletShares))
    const other = world.client([server])
    expect(code(await prove(other, wallet.signing).post())).toBe('AUTH_FAILED')
    await play(prove(other, (await newWallet(other)).signing))
    world.pass(lockOut.lockedMs - 1)
    expect(code(await prove(client, wallet.signing).post())).toBe('RATE_LIMITED')
    world.pass(1)
    await play(prove(client, wallet.signing))
  })

  test('no proof that is sent again much later fails, or counts', async () => {
    const client = owner(limited({ lockOut }))
    const proof = prove(client, wallet.signing)
    const { body } = proof
    await play(proof)
    world.pass(24 * HOUR)
    await world.server().sweep()
    expect(codeOf(await Object.assign(proof, { round: 1, body }).post())).toBe('PROTOCOL_ABORTED')
    expect(await counts()).toEqual([])
  })

  test('failures that are far apart do not add up', async () => {
    const client = owner(limited({ lockOut }))
    for (let i = 0; i < 2 * lockOut.failures; i++) {
      await fail(client)
      world.pass(HOUR / 2)
    }
    await play(prove(client, wallet.signing))
  })

  test('without it nobody is locked out', async () => {
    const client = owner(limited({ lockOut: null }))
    for (let i = 0; i < 6; i++) await fail(client)
    await play(prove(client, wallet.signing))
  })

  test('codes of an export are guessed no more often than may fail, one by one or at once', async () => {
    for (const atOnce of [false, true]) {
      world.pass(24 * HOUR)
      let asked = 0
      const client = owner(limited({ lockOut }, { authorizeExport: () => ++asked < 0 }))
      const answers: Answer[] = []
      if (atOnce) answers.push(...(await Promise.all(Array.from({ length: 6 }, () => exportOf(client).post()))))
      else for (let i = 0; i < 6; i++) answers.push(await exportOf(client).post())
      expect(asked).toBe(lockOut.failures)
      expect(answers.map(code).sort()).toEqual([
        ...Array<string>(3).fill('POLICY_DENIED'),
        ...Array<string>(3).fill('RATE_LIMITED'),
      ])
    }
  })

  test('a right code counts as no failure', async () => {
    const answers = [true, false, true, false, true, true]
    const client = owner(limited({ lockOut }, { authorizeExport: () => answers.shift() as boolean }))
    const told: string[] = []
    for (let i = 0; i < 5; i++) told.push(code(await exportOf(client).post()))
    expect(told).toEqual(['OK', 'POLICY_DENIED', 'OK', 'POLICY_DENIED', 'OK'])
    const failures = (await counts()).filter(({ kind }) => kind === 'failure')
    expect(failures).toEqual(Array(2).fill({ kind: 'failure', count: 2 }))
  })

  test.each<[string, () => never]>([
    ['throws', () => raise(new Error('down'))],
    ['throws an error of ours', () => raise(new MpcError('OPERATION_IN_PROGRESS', 'from the hook'))],
    ['throws a check that failed', () => raise(new ProtocolError('POP', 1, [1], 'from the hook'))],
    ['throws nothing', () => raise(undefined)],
    ['rejects', () => Promise.reject(new Error('down')) as never],
  ])('a hook that %s on a wrong code gives no free try: it denies, costs the rate and counts', async (_, down) => {
    let asked = 0
    const authorizeExport: ServerOptions['authorizeExport'] = ({ authorization }) => {
      asked += 1
      return authorization === CODE || down()
    }
    const client = owner(limited({ lockOut, rates: null }, { authorizeExport }))
    for (let i = 0; i < lockOut.failures; i++) expect(code(await exportOf(client, `${i}`).post())).toBe('POLICY_DENIED')
    expect(code(await exportOf(client).post())).toBe('RATE_LIMITED')
    expect([asked, world.errors.splice(0).length]).toEqual([lockOut.failures, lockOut.failures])
    world.pass(lockOut.lockedMs)
    const twice = { lockOut: null, rates: { export: { count: 2, perMs: HOUR } } }
    const hasty = owner(limited(twice, { authorizeExport }))
    const codes = (await Promise.all(Array.from({ length: 4 }, (__, i) => exportOf(hasty, `${i}`).post()))).map(code)
    expect(codes.sort()).toEqual(['POLICY_DENIED', 'POLICY_DENIED', 'RATE_LIMITED', 'RATE_LIMITED'])
    expect(code(await exportOf(hasty).post())).toBe('RATE_LIMITED')
    expect(asked).toBe(lockOut.failures + 2)
    world.errors.length = 0
  })

  test('an export that is over its rate asks nobody', async () => {
    let asked = 0
    const rates = { export: { count: 1, perMs: HOUR } }
    const client = owner(limited({ rates }, { authorizeExport: () => ++asked > 0 }))
    expect(code(await exportOf(client).post())).toBe('OK')
    expect(code(await exportOf(client).post())).toBe('RATE_LIMITED')
    expect(asked).toBe(1)
  })
})

/** All that is known of shares, and others in their place. */
function wrong(of: WalletShares): WalletShares {
  const other = (share: KeyShare) => ({
    ...share,
    secretShare: getGroup(share.record.curve).randomScalar(world.random),
  })
  return { ...of, shares: of.shares.map(other) }
}

/** A proof that fails, of whoever holds the share. */
async function fail(client: ServerClient): Promise<ClientOperation> {
  const { signing } = wallet
  const { walletId } = wallet
  const request = { kind: 'prove', walletId, setId: setIdOf(signing) } as const
  const operation = new ClientOperation(client, request, wrong(signing), { begins: signing })
  operation.take(await operation.post())
  expect(code(await operation.post())).toBe('PROTOCOL_ABORTED')
  return operation
}

function exportOf(client: ServerClient, authorization = CODE, signing = wallet.signing): ClientOperation {
  const receiver = toHex(generateKeyPair(world.random).publicKey)
  const named = { walletId: wallet.walletId, setId: setIdOf(signing) }
  const request = { kind: 'export', ...named, curve: 'ed25519', authorization, receiver } as const
  return new ClientOperation(client, request, signing)
}

function raise(error: unknown): never {
  throw error
}
