import { describe, expect, test } from 'vitest'
import { MpcError } from '../../src/errors.ts'
import { restoreKeygen } from '../../src/protocol/keygen/index.ts'
import { createSigning, restoreSigning, type SigningOptions } from '../../src/protocol/frost/session.ts'
import { restoreImport } from '../../src/protocol/import/index.ts'
import { restoreReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { shamirToAdditive } from '../../src/secret-sharing/additive.ts'
import { partyId } from '../../src/types.ts'
import { allocationsOf } from '../support/allocations.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { importSessions, importTerms } from '../support/scripted-import.ts'
import {
  generate,
  keygenOptions,
  keygenSessions,
  newParties,
  PAIR,
  reshareSessions,
  reshareTerms,
} from '../support/sets.ts'

// Every byte array that is made while a session is exported or restored is looked at afterwards.

/** A state, the secrets that it holds, and what makes a session of it. */
interface Exported {
  readonly state: Uint8Array
  readonly secrets: readonly Uint8Array[]
  readonly restore: (state: Uint8Array) => Session<unknown>
}

const wasm = groups.filter(({ name }) => name.includes('wasm'))

describe.each(wasm)('a state on $name', ({ group }) => {
  const random = seededRandom()
  const ids = [1, 2].map(partyId)
  const shares = generate(group, 2, 2, random) as [KeyShare, KeyShare]
  const plan = { group, threshold: 2, parties: newParties([1, 2]) }
  const resharing = { group, shares, participants: PAIR, threshold: 2 }
  const signing: SigningOptions = {
    scheme: group.curve,
    group,
    share: shares[0],
    signers: ids,
    message: random(9),
    random,
  }
  // Version, protocol, round, context and participant; the state of a reshare has the old record before the context.
  const HEADER = 3 + 33

  /** Plays two sessions until one has a share to store, and gives that one and the share. */
  function prepared(sessions: readonly Session<unknown>[]): {
    session: Session<unknown>
    self: number
    share: Uint8Array
  } {
    let out = sessions[0]!.start().out
    for (let turn = 1; ; turn++) {
      const session = sessions[turn % 2]!
      for (const bytes of out) session.receive(bytes)
      const step = session.advance()
      const made = step.prepared as KeyShare | { readonly share: KeyShare } | undefined
      if (made !== undefined) {
        const { secretShare } = 'share' in made ? made.share : made
        return { session, self: (turn % 2) + 1, share: secretShare.slice() }
      }
      out = step.out
    }
  }

  const restoreGenerated = (bytes: Uint8Array, self = 1) => restoreKeygen(bytes, keygenOptions(plan, self, random))
  const restoreReshared = (bytes: Uint8Array, self = 1) => restoreReshare(bytes, reshareTerms(resharing, self, random))
  const restoreSigned = (bytes: Uint8Array) => restoreSigning(bytes, signing)

  const cases: [string, () => Exported][] = [
    [
      'a key generation that has dealt',
      () => {
        const [session] = keygenSessions(plan, random)
        session!.start()
        const state = session!.export()
        const at = HEADER + 4 + 1
        return { state, secrets: [state.slice(at, at + 32), state.slice(at + 32, at + 64)], restore: restoreGenerated }
      },
    ],
    [
      'a key generation that has heard what was dealt to it',
      () => {
        const [client, server] = keygenSessions(plan, random) as [Session<unknown>, Session<unknown>]
        for (const bytes of client.start().out) server.receive(bytes)
        const dealt = server.advance().out
        for (const bytes of dealt) client.receive(bytes)
        // The message of round 2 to participant 1 alone: its body is the share.
        return { state: client.export(), secrets: [dealt.at(-1)!.slice(-32)], restore: restoreGenerated }
      },
    ],
    [
      'a key generation that has made a share',
      () => {
        const { session, self, share } = prepared(keygenSessions(plan, random))
        return { state: session.export(), secrets: [share], restore: (bytes) => restoreGenerated(bytes, self) }
      },
    ],
    [
      'an import that has not begun',
      () => {
        const secret = group.randomScalar(random)
        const terms = importTerms(group, secret, 1, random)
        const restore = (bytes: Uint8Array) => restoreImport(bytes, terms)
        return { state: importSessions(group, secret, random)[0].export(), secrets: [secret.slice()], restore }
      },
    ],
    [
      'an import that has dealt a mask',
      () => {
        const secret = group.randomScalar(random)
        const [, server] = importSessions(group, secret, random)
        server.start()
        const state = server.export()
        const at = HEADER + 4 + 1 + 1
        const sealKey = at + 32 + group.pointLength + 4 + 32 + 32 + 1
        const secrets = [state.slice(at, at + 32), state.slice(sealKey, sealKey + 32)]
        const terms = importTerms(group, secret, 2, random)
        return { state, secrets, restore: (bytes) => restoreImport(bytes, terms) }
      },
    ],
    [
      'a reshare that has not begun',
      () => {
        const [session] = reshareSessions(resharing, random)
        const dealt = shamirToAdditive(group, { id: shares[0].id, value: shares[0].secretShare }, ids)
        return { state: session!.export(), secrets: [dealt], restore: restoreReshared }
      },
    ],
    [
      'a reshare that has made a share',
      () => {
        const { session, self, share } = prepared(reshareSessions(resharing, random))
        return { state: session.export(), secrets: [share], restore: (bytes) => restoreReshared(bytes, self) }
      },
    ],
    [
      'a signature with nonces',
      () => {
        const session = createSigning(signing)
        session.start()
        const state = session.export()
        const at = HEADER + 1
        const nonces = [state.slice(at, at + 32), state.slice(at + 32, at + 64)]
        return { state, secrets: [...nonces, shares[0].secretShare.slice()], restore: restoreSigned }
      },
    ],
  ]

  test.each(cases)('of %s holds its secrets', (_, make) => {
    const { state, secrets } = make()
    const text = Buffer.from(state)
    expect(secrets.filter((secret) => text.includes(Buffer.from(secret))).length).toBeGreaterThan(0)
    for (const secret of secrets) expect(secret).not.toEqual(new Uint8Array(32))
  })

  test.each(cases)('of %s is restored into one session, which leaves nothing', async (_, make) => {
    const { state, secrets, restore } = make()
    const own = state.slice()
    const allocations = await allocationsOf(() => restore(state).dispose())
    for (const secret of secrets) expect(allocations.holding(secret, [state])).toEqual([])
    expect(state).toEqual(own)
  })

  test.each(cases)('of %s, exported again, is the only copy', async (_, make) => {
    const { state, secrets, restore } = make()
    let again = new Uint8Array()
    const allocations = await allocationsOf(() => {
      again = restore(state).export() as Uint8Array<ArrayBuffer>
    })
    expect(again).toEqual(state)
    for (const secret of secrets) expect(allocations.holding(secret, [state, again])).toEqual([])
  })

  test.each(cases)('of %s that is spoilt is refused, and leaves nothing', async (_, make) => {
    const { state, secrets, restore } = make()
    const lengths = Array.from({ length: 60 }, (__, i) => Math.floor((state.length * i) / 60))
    const spoilt = [
      Uint8Array.of(...state, 0),
      ...lengths.map((length) => state.slice(0, length)),
      ...lengths.map((at) => state.with(at, state[at]! ^ 0x55)),
    ]
    for (const bytes of spoilt) {
      const allocations = await allocationsOf(() => {
        try {
          // Some bytes may be anything.
          restore(bytes).dispose()
        } catch (error) {
          expect(error).toBeInstanceOf(MpcError)
          expect(error).toMatchObject({ code: 'SHARE_PARSING_FAILED' })
        }
      })
      for (const secret of secrets) expect(allocations.holding(secret, [bytes])).toEqual([])
    }
  })
})
