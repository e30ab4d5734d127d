import { describe, expect, test } from 'vitest'
import { createImport, type ImportOptions, restoreImport } from '../../src/protocol/import/index.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { decodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { encodeShareSetRecord, type KeyShare, validateKeyShare } from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { importSessions, importTerms } from '../support/scripted-import.ts'
import { firstIds, GRID, keyOf, makesKey, newParties, subsets } from '../support/sets.ts'
import { type Packet, rewrite, simulate } from '../support/simulator.ts'

describe.each(groups)('import on $name', ({ group }) => {
  const random = seededRandom()
  const secret = group.randomScalar(random)
  const publicKey = group.encodePoint(group.multiplyBase(secret))

  function optionsOf(ids: readonly number[], threshold: number, dealer: number, self: number): ImportOptions {
    return {
      ...{
        group,
        walletId: new Uint8Array(16).fill(3),
        purpose: 'signing',
        threshold,
        parties: newParties(ids),
        random,
      },
      ...{ self: partyId(self), dealer: partyId(dealer), publicKey, ...(self === dealer && { secret }) },
    }
  }

  function imported(ids: readonly number[], threshold: number, dealer: number, network = {}): KeyShare[] {
    const sessions = ids.map((self) => createImport(optionsOf(ids, threshold, dealer, self)))
    return simulate(sessions, network).map(({ done }) => done as KeyShare)
  }

  test.each(GRID)('%i of %i: any t shares make the key', (threshold, count) => {
    const dealer = random.int(1, count)
    const shares = imported(firstIds(count), threshold, dealer)
    const [{ record }] = shares as [KeyShare]
    expect(group.encodePoint(record.publicKey)).toEqual(publicKey)
    for (const share of shares) {
      expect(encodeShareSetRecord(group, share.record)).toEqual(encodeShareSetRecord(group, record))
      validateKeyShare(group, share)
    }
    for (const quorum of subsets(shares, threshold)) expect(makesKey(group, quorum, record)).toBe(true)
    expect(keyOf(group, shares.slice(0, threshold))).toEqual(secret)
  })

  test('ids need not be 1..n, and packets may come in any order', () => {
    const shares = imported([2, 7, 255], 2, 7, { shuffled: random, copies: 2 })
    for (const quorum of subsets(shares, 2)) expect(keyOf(group, quorum)).toEqual(secret)
  })

  test('the chain code is drawn by all, or the one that was agreed on', () => {
    const [a, b] = [imported([1, 2], 2, 1), imported([1, 2], 2, 1)] as [KeyShare[], KeyShare[]]
    expect(a[0]!.record.chainCode).not.toEqual(b[0]!.record.chainCode)
    expect(a[0]!.secretShare).not.toEqual(b[0]!.secretShare)
    const chainCode = random(32)
    const sessions = [1, 2].map((self) => createImport({ ...optionsOf([1, 2], 2, 1, self), chainCode }))
    expect(simulate(sessions)[0]!.done!.record.chainCode).toEqual(chainCode)
  })

  test('two parties need three flights, as for a generation', () => {
    const [client, server] = importSessions(group, secret, random)
    const rounds = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).round)
    const first = client.start().out
    const opened = server.start().out
    for (const bytes of first) server.receive(bytes)
    const answered = [...opened, ...server.advance().out]
    expect(rounds(answered)).toEqual([1, 2, 2])
    for (const bytes of answered) client.receive(bytes)
    const second = client.advance()
    expect(rounds(second.out)).toEqual([2, 2, 3])
    expect([second.prepared !== undefined, second.done]).toEqual([true, undefined])
    for (const bytes of second.out) server.receive(bytes)
    const last = server.advance()
    expect(last.prepared).toBe(last.done)
    for (const bytes of last.out) client.receive(bytes)
    expect(client.advance().done).toEqual(second.prepared)
  })

  test('each session may be exported and restored after every step', () => {
    const sessions = importSessions(group, secret, random)
    const outcomes = simulate(
      sessions,
      {},
      {
        afterStep: (self, session) => restoreImport(session.export(), importTerms(group, secret, self, random)),
      },
    )
    expect(
      keyOf(
        group,
        outcomes.map(({ done }) => done as KeyShare),
      ),
    ).toEqual(secret)
  })

  test('before it starts, too; then the state has the key, which is wiped with the session', () => {
    const [client, server] = importSessions(group, secret, random)
    const state = client.export()
    expect(toHex(state)).toContain(toHex(secret))
    const restored = restoreImport(state, importTerms(group, secret, 1, random))
    expect(
      keyOf(
        group,
        simulate([restored, server]).map(({ done }) => done as KeyShare),
      ),
    ).toEqual(secret)
    const other = { ...importTerms(group, secret, 1, random), chainCode: random(32) }
    expect(() => restoreImport(state, other)).toThrow(expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }))
  })

  test('what is on the way gives neither share nor key', () => {
    const seen: Uint8Array[] = []
    const outcomes = simulate(importSessions(group, secret, random), {
      intercept: (packet) => {
        seen.push(packet.bytes)
        return [packet]
      },
    })
    const [client, server] = outcomes.map(({ done }) => done as KeyShare) as [KeyShare, KeyShare]
    const sent = seen.map(toHex).join()
    for (const hidden of [secret, client.secretShare, server.secretShare]) expect(sent).not.toContain(toHex(hidden))
    // The mask b is sent in the clear. Without the sealed f(2), it leads to neither share: s_2 = f(2) + 2b.
    const mask = group.decodeScalar(decodeEnvelope(seen.find((bytes) => isShareOf(bytes, 2))!).body)
    const evaluation = group.subtract(server.secretShare, group.multiply(mask, group.scalar(2)))
    expect(sent).not.toContain(toHex(evaluation))
  })

  const isShareOf = (bytes: Uint8Array, from: number) => {
    const envelope = decodeEnvelope(bytes)
    return envelope.from === from && envelope.round === 2 && envelope.to !== 0
  }

  test('is another session than a generation, or an import of another key or with another chain code', () => {
    const terms = importTerms(group, secret, 2, random)
    const others = [
      createKeygen(terms),
      createImport({ ...terms, publicKey: group.encodePoint(group.multiplyBase(group.scalar(5))) }),
      createImport({ ...terms, chainCode: new Uint8Array(32) }),
      createImport({ ...terms, walletId: new Uint8Array(16) }),
    ]
    for (const other of others) {
      const [client] = importSessions(group, secret, random)
      other.start()
      expect(client.start().out.map((bytes) => other.receive(bytes))).toEqual(['dropped'])
    }
  })

  test.each<[string, Partial<ImportOptions>]>([
    ['a dealer without its key', { secret: undefined }],
    ['a key at another party', { dealer: partyId(2) }],
    ['another key than that of the public key', { secret: group.scalar(5) }],
    ['a dealer that is no party', { dealer: partyId(3) }],
    ['a public key of another length', { publicKey: publicKey.slice(1) }],
    ['a public key that is no point', { publicKey: new Uint8Array(group.pointLength).fill(0xff) }],
    ['a short chain code', { chainCode: new Uint8Array(31) }],
    ['a threshold of 1', { threshold: 1 }],
  ])('%s is refused', (_, wrong) => {
    const options = { ...optionsOf([1, 2], 2, 1, 1), ...wrong }
    expect(() => createImport(options)).toThrow(/key|dealer|party|publicKey|chainCode|threshold/)
  })

  test('a seal key that was swapped on the way ends the session on both sides', () => {
    const random = seededRandom()
    const swapped = (packet: Packet) => {
      const { round, from, body } = decodeEnvelope(packet.bytes)
      if (round !== 1 || from !== 2) return [packet]
      const other = body.slice()
      other.fill(9, 64)
      return [rewrite(packet, () => ({ body: other }))]
    }
    const outcomes = simulate(importSessions(group, secret, random), { intercept: swapped })
    expect(outcomes[1]!.error).toMatchObject({ reason: 'FORMAT', blame: [1] })
    expect(outcomes.map(({ done }) => done)).toEqual([undefined, undefined])
  })
})
