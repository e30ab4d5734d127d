import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { type EcdsaBackend, portableEcdsa, wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { concatBytes, fromHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { fixedRandom } from '../../support/fixed-random.ts'
import { generate } from '../../support/sets.ts'
import { poolVector, setupVector, type ShareSet, shareSetOf, signVector, type Source } from './vectors.ts'

/**
 * Every message, secret and hash of a setup, a signature, a preprocessing with what completes it, and a signature of three.
 * A vector is made twice from its own inputs, by the package and by the second implementation in `by-hand`, and both must come
 * to what is written. `npm run vectors` writes them anew: that is a change of the protocol, and means new tags or a new version.
 */
const WRITE = process.env['RESHARE_VECTORS'] === 'write'

interface Randomness {
  readonly randomness: readonly { readonly id: number; readonly drawn: readonly { readonly bytes: string }[] }[]
}

const fileOf = (name: string) => new URL(`../../vectors/ecdsa-${name}.json`, import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(fileOf(name), 'utf8'))

/** Gives the bytes of a vector, in their order. */
function replay({ randomness }: Randomness, id: number): RandomSource {
  const bytes = concatBytes(...randomness.find((one) => one.id === id)!.drawn.map((one) => fromHex(one.bytes)))
  let at = 0
  return (length) => bytes.slice(at, (at += length))
}

const backend = wasmEcdsa()

/** A source of fixed randomness with a new set where vectors are written, else what is written. */
function sourceOf(from: EcdsaBackend, shareSet: () => ShareSet, written: Readonly<Record<string, unknown>>): Source {
  if (WRITE) {
    const randomOf = (session: string, id: number) => fixedRandom(`ecdsa ${session} ${id}`)
    return { backend: from, shareSet: shareSet(), randomOf }
  }
  const randomOf = (session: string, id: number) => replay(written[session] as Randomness, id)
  return { backend: from, shareSet: written['set'] as ShareSet, randomOf }
}

const dealt = (t: number, n: number) => () =>
  shareSetOf(backend, generate(backend.group, t, n, fixedRandom(`ecdsa keygen ${t} of ${n}`)))

function compare(name: string, vector: object): void {
  if (WRITE) writeFileSync(fileOf(name), `${JSON.stringify(vector, null, 2)}\n`)
  expect(vector).toEqual(read(name))
}

const SOURCE = 'Written by npm run vectors. test/vectors/README.md says what is in here.'

function twoOfTwo(from: EcdsaBackend) {
  const setup = WRITE ? undefined : (read('setup') as Randomness & { shareSet: ShareSet })
  const written = {
    set: setup?.shareSet,
    setup: setup,
    sign: WRITE ? undefined : read('sign'),
    preprocess: WRITE ? undefined : read('pool'),
  }
  const source = sourceOf(from, dealt(2, 2), written)
  return { source, setup: setupVector(source, [1, 2], 13_000) }
}

describe.each([
  { name: 'wasm', make: wasmEcdsa },
  { name: 'portable', make: portableEcdsa },
])('two of two, $name', ({ make }) => {
  const { source, setup } = twoOfTwo(make())
  const own = { source: SOURCE, setup: 'ecdsa-setup.json' }

  test('the setup', () => {
    compare('setup', { source: SOURCE, shareSet: source.shareSet, ...setup.vector })
  })

  test('a signature without preprocessing', () => {
    const plan = { signers: [1, 2], aggregator: 1, path: [], message: 'reshare' }
    compare('sign', { ...own, ...signVector(source, setup, plan) })
  })

  test('a preprocessing, and a signature by a derived key that it completes', () => {
    const plan = { signers: [1, 2], aggregator: 1, path: [44, 0, 7], message: 'reshare, from the pool' }
    compare('pool', { ...own, ...poolVector(source, setup, plan) })
  })
})

test('three of four', () => {
  const many = WRITE ? undefined : (read('many') as { shareSet: ShareSet; setup: Randomness; signing: Randomness })
  const written = { set: many?.shareSet, setup: many?.setup, sign: many?.signing }
  const source = sourceOf(backend, dealt(3, 4), written)
  const setup = setupVector(source, [1, 2, 4], 0)
  const plan = { signers: [1, 2, 4], aggregator: undefined, path: [], message: 'reshare, by three' }
  const signing = signVector(source, setup, plan)
  compare('many', { source: SOURCE, shareSet: source.shareSet, setup: setup.vector, signing })
})

test('the second implementation uses hashes and points of noble, and nothing of this package', () => {
  const folder = new URL('by-hand/', import.meta.url)
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))
  const imported = texts.flatMap((text) => [...text.matchAll(/ from '([^']+)'/g)].map(([, name]) => name!))
  expect(imported.length).toBeGreaterThan(10)
  expect(imported.filter((name) => !/^(?:@noble\/(?:curves|hashes)\/|[.]\/[a-z-]+[.]ts$)/.test(name))).toEqual([])
})
