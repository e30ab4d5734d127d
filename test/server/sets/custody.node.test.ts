import { describe, expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import { createCustodian, webhookCustodian } from '../../../src/custodian/index.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { MpcError } from '../../../src/errors.ts'
import { decodeWalletShares, encodeWalletShares, type WalletShares } from '../../../src/key-share/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import {
  abortOperation,
  codeOf,
  confirmSet,
  play,
  setStatus,
  type Answer,
  type ClientOperation,
  type ServerClient,
} from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { duringFault, type Fault } from '../support/custodian-fault.ts'
import { backup, newBackup, newWallet, recover, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

const unavailable = () => new MpcError('WEBHOOK_FAILED', 'the app is down')

const failing = (...fault: Fault) => duringFault(world, unavailable(), ...fault)

/** Replaces what the custodian keeps for a client. */
function replaceHalves(client: ServerClient, change: (halves: Uint8Array[]) => Uint8Array[]): void {
  world.custodian.halves.set(client.clientId, change(world.custodian.halves.get(client.clientId) ?? []))
}

describe('a custodian that is down while a backup is made', () => {
  test.each(['store', 'fetch'] as const)('in %s: nothing is prepared, and the same request goes on', async (call) => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = backup(client, wallet)
    operation.take(await operation.post())
    await failing(call, 1, async () => {
      expect(codeOf(await operation.post())).toBe('WEBHOOK_FAILED')
      const sets = await world.database.query(
        `select 1 from reshare_sets where client_id = $1 and purpose = 'backup'`,
        [client.clientId],
      )
      expect(sets).toEqual([])
    })
    await play(operation)
    expect(world.custodian.halves.get(client.clientId)).toHaveLength(1)
    const [half] = operation.prepared as [WalletShares]
    await confirmSet(client, setIdOf(half))
    await play(sign(client, (await play(recover(client, half))).prepared[0]!))
  })

  test('another request for the round that failed is refused: no state is played twice', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const [operation, other] = [backup(client, wallet), backup(client, wallet)]
    operation.take(await operation.post())
    other.take(await other.post())
    const own = operation.body
    await failing('store', 1, async () => {
      expect(codeOf(await operation.post())).toBe('WEBHOOK_FAILED')
      operation.body = other.body
      expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
      operation.body = own
    })
    await play(operation)
  })
})

test('a custodian that is down in a recovery: nothing begins, and the same request goes on', async () => {
  const client = world.client()
  const half = await newBackup(client, await newWallet(client))
  const operation = recover(client, half)
  await failing('fetch', 1, async () => {
    expect(codeOf(await operation.post())).toBe('WEBHOOK_FAILED')
  })
  await play(sign(client, (await play(operation)).prepared[0]!))
})

/** Something that one part of a test waits for and another gives. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = () => undefined as void
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

describe('an abort while the custodian is asked', () => {
  /** Aborts the operation in the middle of its round. */
  async function abortedDuring(call: 'store' | 'fetch', operation: ClientOperation, client: ServerClient) {
    const custodian: Custodian = {
      store: async (backup) => {
        if (call === 'store') await abortOperation(client, operation.operationId)
        await world.custodian.store(backup)
      },
      fetch: async (clientId, setId) => {
        if (call === 'fetch') await abortOperation(client, operation.operationId)
        return world.custodian.fetch(clientId, setId)
      },
    }
    return operation.post(world.client([world.server({ custodian })], client.clientId))
  }

  test('prepares nothing', async () => {
    const client = world.client()
    const operation = backup(client, await newWallet(client))
    operation.take(await operation.post())
    expect(codeOf(await abortedDuring('store', operation, client))).toBe('PROTOCOL_ABORTED')
    const sets = await world.database.query('select 1 from reshare_sets where operation_id = $1', [
      operation.operationId,
    ])
    expect(sets).toEqual([])
  })

  test('lets no answer out', async () => {
    const client = world.client()
    const half = await newBackup(client, await newWallet(client))
    const operation = recover(client, half)
    expect(codeOf(await abortedDuring('fetch', operation, client))).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
  })
})

test('while one server plays a round, others say so and do nothing', async () => {
  const client = world.client()
  const operation = recover(client, await newBackup(client, await newWallet(client)))
  let meanwhile: Answer | undefined
  let asked = 0
  const fetch: Custodian['fetch'] = async (clientId, setId) => {
    asked += 1
    meanwhile ??= await operation.post(playing)
    return world.custodian.fetch(clientId, setId)
  }
  const playing = world.client([world.server({ custodian: { ...world.custodian, fetch } })], client.clientId)
  operation.take(await operation.post(playing))
  expect([codeOf(meanwhile!), asked]).toEqual(['OPERATION_IN_PROGRESS', 1])
  await play(operation)
})

test('a slow server does not answer for the one that took its round over', async () => {
  const client = world.client()
  const half = await newBackup(client, await newWallet(client))
  const operation = recover(client, half)
  const [gate, taken] = [signal(), signal()]
  const behind = (wait: () => Promise<void>) => {
    const fetch: Custodian['fetch'] = async (clientId, setId) => {
      await wait()
      return world.custodian.fetch(clientId, setId)
    }
    return world.client([world.server({ custodian: { ...world.custodian, fetch } })], client.clientId)
  }
  let swift: Promise<Answer> | undefined
  const slow = behind(async () => {
    world.pass(60_000)
    swift = operation.post(
      behind(() => {
        taken.give()
        return gate.given
      }),
    )
    await taken.given
  })
  expect(codeOf(await operation.post(slow))).toBe('OPERATION_IN_PROGRESS')
  gate.give()
  operation.take(await swift!)
  await play(sign(client, (await play(operation)).prepared[0]!))
})

test('a custodian that forgets what it was given: the backup is not called prepared', async () => {
  const client = world.client()
  const operation = backup(client, await newWallet(client))
  const forgetful = { store: async () => undefined, fetch: async () => [] }
  const forgetting = world.client([world.server({ custodian: forgetful })], client.clientId)
  operation.take(await operation.post(forgetting))
  expect(codeOf(await operation.post(forgetting))).toBe('WEBHOOK_FAILED')
  await play(operation)
})

test('a custodian that fails in its own way is WEBHOOK_FAILED, without its words', async () => {
  const client = world.client()
  const half = await newBackup(client, await newWallet(client))
  const custodian = {
    store: () => Promise.reject(new Error('password of the app database')),
    fetch: () => Promise.reject(new Error('password of the app database')),
  }
  const answer = await recover(client, half).post(world.client([world.server({ custodian })], client.clientId))
  expect(codeOf(answer)).toBe('WEBHOOK_FAILED')
  expect(new TextDecoder().decode(answer.body)).not.toContain('password')
})

test('a server without a custodian begins no backup and no recovery, and says why', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const half = await newBackup(client, wallet)
  const alone = world.client([world.server({ custodian: undefined as never })], client.clientId)
  for (const operation of [backup(client, wallet), recover(client, half), recover(client, half, { dryRun: true })]) {
    const answer = await operation.post(alone)
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toMatchObject({
      error: { id: 'WEBHOOK_FAILED', retryable: false, message: expect.stringContaining('no custodian') as string },
    })
    await play(operation)
  }
  expect(await setStatus(client, setIdOf(wallet.signing))).toMatchObject({ state: 'ACTIVE' })
})

test('a custodian that loses a share between reading it back and the confirmation: the old backup stays', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const old = await newBackup(client, wallet)
  const [next] = (await play(backup(client, wallet))).prepared as [WalletShares]
  replaceHalves(client, ([first]) => [first!])
  await expect(confirmSet(client, setIdOf(next))).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND', retryable: false })
  expect(await setStatus(client, setIdOf(old))).toMatchObject({ state: 'ACTIVE' })
  await play(sign(client, (await play(recover(client, old))).prepared[0]!))
  const third = await newBackup(client, wallet)
  await expect(confirmSet(client, setIdOf(next))).rejects.toMatchObject({ code: 'BACKUP_SUPERSEDED' })
  await play(recover(client, third))
})

describe('what the custodian gives back in a recovery', () => {
  test('nothing, junk, and shares of other backups: SHARE_NOT_FOUND', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const [own] = world.custodian.halves.get(client.clientId)!
    await play(backup(client, wallet))
    const [, other] = world.custodian.halves.get(client.clientId)!
    for (const halves of [[], [utf8('junk')], [other!], [own!.slice(0, -1), other!]]) {
      replaceHalves(client, () => halves)
      await expect(play(recover(client, half))).rejects.toMatchObject({ code: 'SHARE_NOT_FOUND' })
    }
    replaceHalves(client, () => [utf8('junk'), other!, own!])
    await play(recover(client, half))
  })

  test("the client's own share: it is the right set and the wrong party", async () => {
    const client = world.client()
    const half = await newBackup(client, await newWallet(client))
    replaceHalves(client, () => [encodeWalletShares(getGroup, half)])
    await expect(play(recover(client, half))).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })

  test('a record that was changed under the same name: SHARE_PARSING_FAILED', async () => {
    const client = world.client()
    const half = await newBackup(client, await newWallet(client))
    const [own] = world.custodian.halves.get(client.clientId)!
    const shares = decodeWalletShares(getGroup, own!)
    const [first, ...others] = shares.shares
    const record = { ...first!.record, chainCode: new Uint8Array(32) }
    replaceHalves(client, () => [
      encodeWalletShares(getGroup, { ...shares, shares: [{ ...first!, record }, ...others] }),
    ])
    await expect(play(recover(client, half))).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })
})

test('server and custodian app share a database, through the webhooks', async () => {
  const app = createCustodian({
    database: world.database,
    webhookSecret: 'webhook-secret-of-the-tests',
    masterKey: utf8('the custodian key of these tests'),
    authenticateUser: () => undefined,
  })
  const fetch: typeof globalThis.fetch = (input, init) => app.fetch(new Request(input, init))
  const custodian = webhookCustodian({ url: 'https://app.test', secret: 'webhook-secret-of-the-tests', fetch })
  const client = world.client([world.server({ custodian }), world.server({ custodian })])
  const half = await newBackup(client, await newWallet(client))
  const operation = await play(recover(client, half, { rotateBackup: 'PASSKEY' }))
  await play(sign(client, operation.prepared[0]!))
  await confirmSet(client, operation.result!.backupSetId!)
  await play(recover(client, operation.prepared[1]!))
})
