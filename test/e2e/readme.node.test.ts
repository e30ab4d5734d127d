import { readFile } from 'node:fs/promises'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgliteDatabase } from '../../src/server/database/pglite.ts'
import type { Database } from '../../src/server/database/types.ts'
import { twoDevices } from './readme-example.ts'
import { deploy, type Deployment } from './support/deployment.ts'

let database: Database
let deployment: Deployment

beforeAll(async () => {
  database = pgliteDatabase()
  deployment = await deploy(database)
})
afterAll(async () => {
  await deployment.close()
  await database.close()
})

test('the README shows the example that is tested here, and it has 20 lines', async () => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')
  const [readme, source] = await Promise.all([read('../../README.md'), read('./readme-example.ts')])
  expect(readme).toContain(source.trim())
  expect(source.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(20)
})

test('the example does what it says', async () => {
  const fractions: number[] = []
  const token = await deployment.createToken('reader')
  const report = ({ fraction }: { fraction: number }) => void fractions.push(fraction)
  const { wallet, message, fromPhone, fromLaptop } = await twoDevices(deployment.url, token, report)
  expect(ed25519.verify(fromPhone.signature, message, wallet.publicKeys.ed25519)).toBe(true)
  const digest = keccak_256(message)
  expect(secp256k1.verify(fromLaptop.signature, digest, wallet.publicKeys.secp256k1, { prehash: false })).toBe(true)
  expect(fromPhone.setId).not.toBe(fromLaptop.setId)
  expect(fractions.filter((fraction) => fraction === 1).length).toBe(2)
})
