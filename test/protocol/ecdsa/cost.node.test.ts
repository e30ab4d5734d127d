import { expect, test } from 'vitest'

import type { Group } from '../../../src/curve/group.ts'
import { type EcdsaBackend, wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { readPage } from '../../docs/blocks.ts'
import { seededRandom } from '../../support/random.ts'
import { completionSessions, holders, ids, preprocess, randomDigest, signatures, signingSessions } from './support.ts'

const KINDS = ['multiplyBase', 'multiply points', 'combine', 'decode', 'encode'] as const
type Counts = Record<(typeof KINDS)[number], number>

/** A backend whose group counts points, and what it has counted since the last time. */
function counting(backend: EcdsaBackend): { readonly backend: EcdsaBackend; take(): Counts } {
  const { group } = backend
  const none = () => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Counts
  let counts = none()
  const watched: Group = {
    ...group,
    multiplyBase: (scalar) => (counts.multiplyBase++, group.multiplyBase(scalar)),
    multiplyBaseBatch: (scalars) => ((counts.multiplyBase += scalars.length), group.multiplyBaseBatch(scalars)),
    multiplyPointBatch: (points, scalars) => (
      (counts['multiply points'] += scalars.length),
      group.multiplyPointBatch(points, scalars)
    ),
    linearCombinationVar: (points, scalars) => (
      (counts.combine += scalars.length),
      group.linearCombinationVar(points, scalars)
    ),
    decodePoint: (bytes) => (counts.decode++, group.decodePoint(bytes)),
    decodePoints: (list) => ((counts.decode += list.length), group.decodePoints(list)),
    encodePoint: (point) => (counts.encode++, group.encodePoint(point)),
    encodePoints: (points) => ((counts.encode += points.length), group.encodePoints(points)),
  }
  const take = () => {
    const taken = counts
    counts = none()
    return taken
  }
  return { backend: { ...backend, group: watched }, take }
}

/** The rows of the table of docs/ecdsa.md, Cost. */
function documented(): Record<string, Counts> {
  const [, table] = readPage('docs/ecdsa.md').split('| both signers together |') as [string, string]
  const rows = table.split('\n\n')[0]!.split('\n').slice(2)
  return Object.fromEntries(
    rows.map((row) => {
      const [, name, ...cells] = row.split('|').map((cell) => cell.trim())
      return [name, Object.fromEntries(KINDS.map((kind, i) => [kind, Number(cells[i])])) as Counts]
    }),
  )
}

test('a signature of two takes as many operations on points as docs/ecdsa.md says', () => {
  const random = seededRandom()
  const { backend, take } = counting(wasmEcdsa())
  const set = holders(backend, 2, 2, random)
  const [aggregator] = ids(1)
  const one = () => ({ aggregator })
  take()
  signatures(signingSessions(backend, set, randomDigest(random), random, one))
  const signature = take()
  const preprocessed = preprocess(backend, set, random)
  const preprocessing = take()
  signatures(completionSessions(backend, set, preprocessed, randomDigest(random), random, one))
  expect({ signature, preprocessing, completion: take() }).toEqual(documented())
})
