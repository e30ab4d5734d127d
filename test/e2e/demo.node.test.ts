import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr } from '@noble/curves/secp256k1.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Report } from '../../demo/report.ts'
import { solanaAddress } from '../../src/adapters/solana/index.ts'
import { ethereumAddress } from '../../src/adapters/viem/index.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { byPublicNames } from '../docs/bundle.ts'
import { buildPrograms, programFolder } from '../support/programs.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const built = programFolder('demo')

beforeAll(async () => {
  mkdirSync(built, { recursive: true })
  writeFileSync(join(built, 'package.json'), '{"type":"module"}')
  await buildPrograms({
    entryPoints: ['main', 'signing-server', 'custodian-app', 'device'].map((name) => join(root, `demo/${name}.ts`)),
    outdir: built,
    splitting: true,
    plugins: [byPublicNames],
  })
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

test('the demo prints one JSON object with --json, and it is true', { timeout: 300_000 }, async () => {
  const { stdout } = await run(process.execPath, [join(built, 'main.js'), '--json'], { cwd: root })
  expect(stdout.match(/\n/g)).toHaveLength(1)
  const report = JSON.parse(stdout) as Report

  expect(report.signatures).toHaveLength(10)
  for (const { scheme, signature, message, publicKey, device, setId } of report.signatures) {
    const [signed, text, key] = [signature, message, publicKey].map(fromHex) as [Uint8Array, Uint8Array, Uint8Array]
    expect(publicKey).toBe(scheme === 'ed25519' ? report.publicKeys.ed25519 : report.publicKeys.secp256k1.slice(2))
    expect(scheme === 'ed25519' ? ed25519.verify(signed, text, key) : schnorr.verify(signed, text, key)).toBe(true)
    expect(setId).toBe(report.setIds[device])
  }
  expect(report.missing).toEqual([])
  expect(report.transactions.map(({ device, chain }) => [chain, device])).toEqual([
    ['ethereum', 'A'],
    ['ethereum', 'B'],
    ['solana', 'A'],
    ['solana', 'B'],
  ])
  for (const { chain, from } of report.transactions) {
    const { secp256k1, ed25519: edwards } = report.publicKeys
    expect(from).toBe(chain === 'solana' ? solanaAddress(fromHex(edwards)) : ethereumAddress(fromHex(secp256k1)))
  }
  expect(new Set(report.transactions.map(({ id }) => id)).size).toBe(4)
  expect(report.guarded.map(({ what, device, code }) => [device, code, what])).toEqual([
    ['A', 'POLICY_DENIED', 'a third ether in an hour'],
    ['A', 'POLICY_DENIED', 'a permit for all tokens'],
    ['A', 'APPROVAL_REQUIRED', 'a login'],
    ['X', 'APPROVAL_REQUIRED', 'a recovery with the stolen password'],
    ['X', 'POLICY_DENIED', 'the same recovery'],
  ])
  expect(report.refusals).toEqual([
    { device: 'A', code: 'SET_RETIRED' },
    { device: 'B', code: 'SET_RETIRED' },
  ])
  expect(report.sets.map(({ setId, state }) => [setId, state])).toEqual([
    [report.setIds['A'], 'DESTROYED'],
    [report.setIds['backup'], 'ACTIVE'],
    [report.setIds['B'], 'DESTROYED'],
    [report.setIds['C'], 'ACTIVE'],
  ])
  const statuses = (title: string) => report.steps.find(({ step }) => step.startsWith(title))?.statuses
  expect(statuses('recover')).toContain('Waiting for approval')
  expect(statuses('recover')?.at(-1)).toBe('Done')
  expect(statuses('invite')).toContain('Waiting for the other device')
  expect(statuses('find')).toEqual([])
})

test(
  'interrupted while it starts, the demo on pages ends with its processes and its data',
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reshare-interrupted-'))
    try {
      const env = { ...process.env, TMPDIR: folder }
      // A group of its own, which its processes are in, too.
      const demo = spawn(process.execPath, [join(built, 'main.js'), '--web'], { cwd: root, env, detached: true })
      const output: string[] = []
      demo.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
      const ended = once(demo, 'exit')
      const data = () => readdirSync(folder).filter((name) => name.startsWith('reshare-web-demo-'))
      await vi.waitUntil(() => data().length > 0, { timeout: 60_000 })
      demo.kill('SIGINT')
      await ended
      expect(output.join('')).not.toContain('http://')
      expect(data()).toEqual([])
      await vi.waitFor(() => expect(() => process.kill(-demo.pid!, 0)).toThrow('ESRCH'), { timeout: 30_000 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
