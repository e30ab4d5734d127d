import { describe, expect, test, vi } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { play } from '../../support/server-client.ts'
import { FAILURES, raise } from '../support/hook-failures.ts'
import { FAILED, hookedOwner, status } from '../support/hooked-owner.ts'
import { backup, recover, sign, type TestWallet } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

let world: World
let wallet: TestWallet
let half: WalletShares
const { server, owner, told } = hookedOwner((made) => ({ world, wallet, half } = made))

describe('the custodian', () => {
  const failing = (custodian: Partial<Custodian>) => server({ custodian: { ...bound(world.custodian), ...custodian } })

  test.each(FAILURES)(
    'that %s when it is to store, fetch or delete has failed, and the same request goes on later',
    async (_, fail) => {
      const one = backup(owner(server()), wallet)
      one.take(await one.post())
      const down = owner(failing({ store: fail }))
      const fetching = owner(failing({ fetch: fail }))
      for (const broken of [down, fetching]) {
        expect(status(await one.post(broken))).toEqual([502, 'WEBHOOK_FAILED'])
        expect(told()).toHaveLength(1)
      }
      await play(one)
      const recovering = recover(fetching, half)
      expect(status(await recovering.post())).toEqual([502, 'WEBHOOK_FAILED'])
      expect(told()).toHaveLength(1)
      await play(recover(owner(server()), half))
      const removing = failing({ delete: fail })
      // It begins no sweep of its own beside the request.
      await removing.sweep()
      const aborted = backup(owner(server()), wallet)
      aborted.take(await aborted.post())
      aborted.take(await aborted.post())
      expect(status(await owner(removing).send('POST', paths.abort(aborted.operationId)))).toEqual([200, 'OK'])
      expect(told()).toHaveLength(1)
      await server().sweep()
    },
  )

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a word', 'shares'],
    ['an object with a length', { length: 1, 0: new Uint8Array(1) }],
    ['more than there can be', Array(1_000_001)],
    ['an array that is as long as one can be', Array(2 ** 32 - 1)],
  ])('that gives %s for shares has failed', async (_, answer) => {
    const fetch = (async () => answer) as Custodian['fetch']
    expect(status(await recover(owner(failing({ fetch })), half).post())).toEqual([502, 'WEBHOOK_FAILED'])
    expect(told()).toHaveLength(1)
  })

  test('that gives anything besides the share has given it', async () => {
    const fetch = (async (...which: [string, string]) => [
      null,
      'text',
      {},
      new Uint16Array(4),
      new Uint8Array(),
      ...(await world.custodian.fetch(...which)),
    ]) as unknown as Custodian['fetch']
    await play(recover(owner(failing({ fetch })), half))
  })

  test('that spoils what it was given to store is found out by what was given', async () => {
    const store: Custodian['store'] = async (given) => {
      given.share.fill(0)
      await world.custodian.store(given)
    }
    const one = backup(owner(server()), wallet)
    one.take(await one.post())
    const answer = await one.post(owner(failing({ store })))
    expect(status(answer)).toEqual([502, 'WEBHOOK_FAILED'])
    told()
    await play(one)
  })

  test('that answers too late stores the share all the same, and no zeros', async () => {
    let stored = () => {}
    const storing = new Promise<void>((resolve) => (stored = resolve))
    const kept: Uint8Array[] = []
    const store: Custodian['store'] = async (given) => {
      await storing
      kept.push(given.share.slice())
    }
    const one = backup(owner(server()), wallet)
    one.take(await one.post())
    expect(status(await one.post(owner(failing({ store }))))).toEqual([502, 'WEBHOOK_FAILED'])
    stored()
    await new Promise((resolve) => setImmediate(resolve))
    expect(kept.map((share) => share.every((byte) => byte === 0))).toEqual([false])
    told()
    await play(one)
  })
})

/** A custodian whose methods may be taken off it. */
function bound(custodian: Custodian): Custodian {
  return {
    store: (backup) => custodian.store(backup),
    fetch: (id, setId) => custodian.fetch(id, setId),
    delete: (id, setId) => custodian.delete!(id, setId),
  }
}

describe('onError', () => {
  test.each(FAILURES)('that %s fails nothing; what it does not take, the console gets', async (name, onError) => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    try {
      const down = { policy: () => raise(new Error('down')) }
      expect(status(await sign(owner(server({ onError, ...down })), wallet.signing).post())).toEqual(FAILED)
      expect(told.mock.calls.length).toBe(name === 'never answers' ? 0 : 2)
      const deaf = { ...bound(world.custodian), delete: () => raise(new Error('down')) }
      const failing = server({ onError, custodian: deaf })
      const aborted = backup(owner(server()), wallet)
      aborted.take(await aborted.post())
      aborted.take(await aborted.post())
      expect(status(await owner(failing).send('POST', paths.abort(aborted.operationId)))).toEqual([200, 'OK'])
      await failing.sweep()
    } finally {
      told.mockRestore()
    }
    await server().sweep()
  })
})
