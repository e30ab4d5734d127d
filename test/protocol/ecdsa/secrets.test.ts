import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { type EcdsaBackend, wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { Preprocessed } from '../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { restoreEcdsaSigning } from '../../../src/protocol/ecdsa/signing/sign.ts'
import { scalarOfDigest } from '../../../src/protocol/ecdsa/signing/signature.ts'
import type { EcdsaResult } from '../../../src/protocol/ecdsa/signing/signing-machine.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { flip, rewrite, simulate } from '../../support/simulator.ts'
import {
  completionSessions,
  holders,
  ids,
  preprocess,
  preprocessingSessions,
  randomDigest,
  signingSessions,
} from './support.ts'

const backend = wasmEcdsa()
const [CLIENT, SERVER] = ids(1, 2)
const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0)

/** A backend that remembers every scalar and every secret of a multiplication that it hands out. */
function watch(): { watched: EcdsaBackend; made: Uint8Array[] } {
  const made: Uint8Array[] = []
  const keep = <T extends Uint8Array>(secret: T): T => {
    made.push(secret)
    return secret
  }
  const { group, vole } = backend
  const watchedGroup: Group = {
    ...group,
    randomScalar: (random) => keep(group.randomScalar(random)),
    reduce: (wide) => keep(group.reduce(wide)),
    decodeScalar: (bytes, options) => keep(group.decodeScalar(bytes, options)),
    add: (a, b) => keep(group.add(a, b)),
    subtract: (a, b) => keep(group.subtract(a, b)),
    multiply: (a, b) => keep(group.multiply(a, b)),
    negate: (a) => keep(group.negate(a)),
  }
  const watchedVole: EcdsaBackend['vole'] = {
    ...vole,
    start(...input) {
      const started = vole.start(...input)
      keep(started.rows)
      return started
    },
    multiply(...input) {
      const product = vole.multiply(...input)
      product?.shares.forEach(keep)
      return product
    },
    finish(...input) {
      const product = vole.finish(...input)
      product?.shares.forEach(keep)
      if (product !== undefined) keep(product.factor)
      return product
    },
  }
  return { watched: { ...backend, group: watchedGroup, vole: watchedVole }, made }
}

/** Plays both sides until the server has responded to `requests` requests, and gives what its session ended with. */
function play([client, server]: readonly Session<EcdsaResult>[], requests: number): EcdsaResult | undefined {
  let fromClient = client!.start().out
  let done: EcdsaResult | undefined
  for (let request = 1; request <= requests; request++) {
    for (const bytes of fromClient) server!.receive(bytes)
    const step = server!.advance()
    done = step.done
    for (const bytes of step.out) client!.receive(bytes)
    if (done === undefined || request < requests) fromClient = client!.advance().out
  }
  return done
}

describe('a signer leaves none of its secrets', () => {
  /** What everybody may know: the numbers of the digest and of R. */
  const publicOf = (values: readonly Scalar[]) => new Set(values.map(toHex))

  test.each([
    ['own key', {}],
    ['derived key', { derivation: { path: [1], tweak: backend.group.scalar(77) } }],
  ])('once its share of a signature by its %s is out', (_, change) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const { watched, made } = watch()
    const sessions = signingSessions(backend, set, digest, random, (id) => ({
      ...change,
      aggregator: CLIENT!,
      ...(id === SERVER ? { backend: watched } : {}),
    }))
    expect(play(sessions, 2)).toEqual({})
    const known = publicOf([scalarOfDigest(backend.group, digest)])
    const left = made.filter((secret) => !isWiped(secret) && !known.has(toHex(secret)))
    // The number of R, which only the session knows.
    expect(new Set(left.map(toHex)).size).toBe(1)
    expect(made.length).toBeGreaterThan(20)
  })

  test('in a preprocessing that is disposed of', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { watched, made } = watch()
    const sessions = preprocessingSessions(backend, set, random, (id) => (id === SERVER ? { backend: watched } : {}))
    const { preprocessed } = play(sessions, 2)!
    const left = () => made.filter((secret) => !isWiped(secret))
    expect(left().length).toBeGreaterThan(5)
    preprocessed!.dispose()
    expect(left()).toEqual([])
  })

  test('once its share of a completed preprocessing is out', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [client, server] = preprocess(backend, set, random)
    const { watched, made } = watch()
    const stored = Preprocessed.decode(watched, server!.encode())
    const digest = randomDigest(random)
    const sessions = completionSessions(backend, set, [client!, stored], digest, random, (id) => ({
      aggregator: CLIENT!,
      ...(id === SERVER ? { backend: watched } : {}),
    }))
    expect(play(sessions, 1)).toEqual({})
    const known = publicOf([scalarOfDigest(backend.group, digest)])
    const left = made.filter((secret) => !isWiped(secret) && !known.has(toHex(secret)))
    // The number of R, which only the session knows.
    expect(new Set(left.map(toHex)).size).toBe(1)
    expect(made.length).toBeGreaterThan(10)
  })

  const ends: [string, (session: Session<EcdsaResult>) => unknown][] = [
    ['disposed of', (session) => session.dispose()],
    ['exported', (session) => session.export()],
  ]
  test.each(ends.flatMap(([name, end]) => [0, 1, 2, 3, 4].map((rounds) => [name, rounds, end] as const)))(
    'in a session that is %s after %i rounds',
    (_, rounds, end) => {
      const random = seededRandom()
      const set = holders(backend, 3, 3, random)
      const { watched, made } = watch()
      const digest = randomDigest(random)
      const sessions = signingSessions(backend, set, digest, random, (id) =>
        id === CLIENT ? { backend: watched } : {},
      )
      let sent = sessions.map((session) => session.start().out)
      for (let round = 1; round <= rounds; round++) {
        for (const [i, session] of sessions.entries()) {
          for (const bytes of sent.filter((_out, from) => from !== i).flat()) session.receive(bytes)
        }
        sent = sessions.map((session) => session.advance().out)
      }
      const known = publicOf([scalarOfDigest(backend.group, digest), backend.group.scalar(0)])
      const left = () => made.filter((secret) => !isWiped(secret) && !known.has(toHex(secret)))
      expect(left().length).toBeGreaterThan(0)
      end(sessions[0]!)
      // Once R is there, its number, which everybody may know.
      expect(new Set(left().map(toHex)).size).toBe(rounds < 3 ? 0 : 1)
    },
  )

  test.each([
    ['an extension', 1, 16_432, 'CHEAT_OTE'],
    ['a multiplication', 2, 73_792, 'CHEAT_VOLE'],
    ['a decommitment', 2, 130, 'CHEAT_GAMMA'],
  ] as const)('where a peer cheats with %s', (_, request, length, reason) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { watched, made } = watch()
    const [client, server] = signingSessions(backend, set, randomDigest(random), random, (id) =>
      id === SERVER ? { backend: watched } : {},
    )
    let fromClient = client!.start().out
    if (request === 2) {
      for (const bytes of fromClient) server!.receive(bytes)
      for (const bytes of server!.advance().out) client!.receive(bytes)
      fromClient = client!.advance().out
    }
    for (const bytes of fromClient) {
      const cheats = decodeEnvelope(bytes).body.length === length
      const packet = { from: 1, to: 2, bytes }
      server!.receive(cheats ? rewrite(packet, ({ body }) => ({ body: flip(body, 63) })).bytes : bytes)
    }
    expect(() => server!.advance()).toThrow(expect.objectContaining({ reason }) as Error)
    expect(made.every(isWiped)).toBe(true)
  })

  test.each([
    [1, 'CHEAT_OTE', 32],
    [2, 'CHEAT_VOLE', 31],
    [3, 'CHEAT_GAMMA', 31],
  ] as const)('where the last of two peers cheats in round %i', (when, reason, at) => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const { watched, made } = watch()
    const sessions = signingSessions(backend, set, randomDigest(random), random, (id) =>
      id === CLIENT ? { backend: watched } : {},
    )
    const [victim] = simulate(sessions, {
      intercept: (packet) => {
        const { round, to } = decodeEnvelope(packet.bytes)
        const cheats = packet.from === 3 && to === 1 && round === when
        return [cheats ? rewrite(packet, ({ body }) => ({ body: flip(body, at) })) : packet]
      },
    })
    expect(victim?.error).toMatchObject({ reason, blame: [3] })
    expect(made.every(isWiped)).toBe(true)
  })

  test('where its own arithmetic fails between two steps', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { watched, made } = watch()
    const lagrangeCoefficients = () => {
      throw new Error('out of memory')
    }
    const failing = { ...watched, group: { ...watched.group, lagrangeCoefficients } }
    const sessions = signingSessions(backend, set, randomDigest(random), random, (id) =>
      id === SERVER ? { backend: failing } : {},
    )
    expect(() => play(sessions, 2)).toThrow('out of memory')
    expect(made.length).toBeGreaterThan(10)
    expect(made.every(isWiped)).toBe(true)
  })

  test('in the one it was restored from', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const [session] = signingSessions(backend, set, digest, random)
    session!.start()
    const { watched, made } = watch()
    const options = { ...set[0]!, backend: watched, signers: ids(1, 2), digest, random }
    restoreEcdsaSigning(session!.export(), options).dispose()
    expect(made).toHaveLength(2)
    expect(made.every(isWiped)).toBe(true)
  })
})
