import { describe, expect, test } from 'vitest'
import { decodeRoundBody } from '../../../../src/wire/round-body.ts'
import { bumpEpoch } from '../../../../src/server/index.ts'
import { abortOperation, codeOf, play, retireSet } from '../../../support/server-client.ts'
import { nobleTakes } from '../../support/ecdsa.ts'
import { fileWorld } from '../../support/file-world.ts'
import {
  generate,
  complete,
  newBackup,
  newWallet,
  preprocess,
  preprocessed,
  prove,
  recover,
  refresh,
  setIdOf,
  setup,
  signEcdsa,
  walletOf,
  type TestWallet,
} from '../../support/wallets.ts'
import { type World } from '../../support/world.ts'

let world: World
fileWorld((made) => (world = made))

async function pairs(setId: string): Promise<number> {
  return (await world.database.query('select 1 from reshare_ot_states where set_id = $1', [setId])).length
}

describe('the setup of a new set', () => {
  test('comes with key generation, recovery and refresh: each signs at once, from any server', async () => {
    const client = world.client([world.server(), world.server()])
    const phone = await newWallet(client)
    const half = await newBackup(client, phone)
    const laptop = walletOf(await play(recover(client, half, { rotateBackup: 'PASSKEY' })))
    const fresh = walletOf(await play(refresh(client, laptop)))
    for (const wallet of [phone, laptop, fresh]) {
      const signed = await play(signEcdsa(client, wallet))
      expect(nobleTakes(signed, wallet.signing)).toBe(true)
    }
  })

  test('takes no request more: a reshare carries nothing of it in its last', async () => {
    const client = world.client()
    const operation = refresh(client, await newWallet(client))
    operation.take(await operation.post())
    operation.take(await operation.post())
    expect(decodeRoundBody(operation.body!).messages.map(({ sessionIndex }) => sessionIndex)).toEqual([0, 1])
    await play(operation)
  })

  test('is not made for a dry run', async () => {
    const client = world.client()
    const operation = await play(recover(client, await newBackup(client, await newWallet(client)), { dryRun: true }))
    expect(operation.pair).toBeUndefined()
    expect(await pairs(operation.result!.setId)).toBe(0)
  })

  test('goes with its set when the operation is aborted, or the set retired', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    await newBackup(client, wallet)
    const operation = refresh(client, wallet)
    operation.take(await operation.post())
    operation.take(await operation.post())
    const prepared = setIdOf(operation.prepared[0]!)
    expect(await pairs(prepared)).toBe(1)
    await abortOperation(client, operation.operationId)
    expect(await pairs(prepared)).toBe(0)

    await play(preprocess(client, wallet))
    await retireSet(client, setIdOf(wallet.signing))
    expect(await pairs(setIdOf(wallet.signing))).toBe(0)
    const left = await world.database.query('select 1 from reshare_preprocessings where set_id = $1', [
      setIdOf(wallet.signing),
    ])
    expect(left).toEqual([])
  })

  test('a repeated round gives the same bytes, and the stored setup is that of the answer', async () => {
    const client = world.client([world.server(), world.server()])
    const operation = generate(client)
    operation.take(await operation.post())
    const answers = await Promise.all([operation.post(), operation.post(), operation.post()])
    const played = answers.filter(({ status }) => status === 200)
    for (const answer of played) expect(answer.body).toEqual(played[0]!.body)
    operation.take(played[0]!)
    await play(signEcdsa(client, walletOf(operation)))
  })
})

describe('a new setup for a set', () => {
  test('takes the place of the old one, which neither side signs with any more', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const { pair } = await play(setup(client, wallet))
    await expect(play(signEcdsa(client, wallet))).rejects.toMatchObject({ reason: 'OT_DESYNC', retryable: true })
    const renewed: TestWallet = { ...wallet, pair: pair! }
    expect(nobleTakes(await play(signEcdsa(client, renewed)), wallet.signing)).toBe(true)
  })

  test('ends a signature that was begun with the old one, without blame', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const begun = signEcdsa(client, wallet)
    begun.take(await begun.post())
    await play(setup(client, wallet))
    await expect(play(begun)).rejects.toMatchObject({ reason: 'OT_DESYNC' })
  })

  test('drops the preprocessings of the old one', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const preprocessing = await preprocessed(client, wallet)
    await play(setup(client, wallet))
    await expect(play(complete(client, wallet, preprocessing))).rejects.toMatchObject({
      code: 'PREPROCESSING_NOT_FOUND',
      retryable: false,
    })
  })

  test('is refused for a set of somebody else, one that is retired, and one that is not decided', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const undecided = recover(client, half)
    undecided.take(await undecided.post())
    undecided.take(await undecided.post())
    expect(codeOf(await setup(client, walletOf(undecided)).post())).toBe('OPERATION_IN_PROGRESS')
    expect(codeOf(await setup(world.client(), wallet).post())).toBe('AUTH_FAILED')
    const begun = signEcdsa(client, wallet)
    begun.take(await begun.post())
    await retireSet(client, setIdOf(wallet.signing))
    for (const operation of [begun, setup(client, wallet), signEcdsa(client, wallet), preprocess(client, wallet)]) {
      expect(codeOf(await operation.post())).toBe('SET_RETIRED')
    }
  })
})

test('a restored database counts its setups and preprocessings as gone, and the wallet sets up anew', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const preprocessing = await preprocessed(client, wallet)
  await bumpEpoch(world.database)
  await expect(play(signEcdsa(client, wallet))).rejects.toMatchObject({ reason: 'OT_DESYNC' })
  await expect(play(preprocess(client, wallet))).rejects.toMatchObject({ reason: 'OT_DESYNC' })
  await expect(play(complete(client, wallet, preprocessing))).rejects.toMatchObject({ code: 'PREPROCESSING_NOT_FOUND' })
  await world.server().sweep()
  expect(await world.database.query('select 1 from reshare_preprocessings')).toEqual([])
  const { pair } = await play(setup(client, wallet))
  await play(signEcdsa(client, { ...wallet, pair: pair! }))
})

test('a setup of a set from before the schema knew of them is made by the operation', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  await world.database.query('delete from reshare_ot_states where set_id = $1', [setIdOf(wallet.signing)])
  await expect(play(signEcdsa(client, wallet))).rejects.toMatchObject({ reason: 'OT_DESYNC' })
  const { pair } = await play(setup(client, wallet))
  await play(signEcdsa(client, { ...wallet, pair: pair! }))
  await play(prove(client, wallet.signing))
})
