import { describe, expect, test } from 'vitest'
import {
  backupWallet,
  generateWallet,
  provisionWallet,
  recoverWallet,
  refreshShares,
  type Progress,
} from '../../src/index.ts'
import { createProgress } from '../../src/client/progress.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

const RECOVERY = [
  'Reading share',
  'Decrypting share',
  'Parsing share',
  'Recovering signing share',
  'Generating share',
  'Parsing share',
  'Storing share',
  'Done',
]

/** The statuses of a run, each once for as long as it lasted; checks what holds for every run. */
function statuses(reports: readonly Progress[]): string[] {
  const fractions = reports.map(({ fraction }) => fraction)
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions[0]).toBe(0)
  expect(fractions.at(-1)).toBe(1)
  expect(reports.map(({ done }) => done)).toEqual(reports.map((_, index) => index === reports.length - 1))
  return reports.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1])
}

describe('statuses', () => {
  test('of every action, in the order that is promised', async () => {
    const { device } = stage()
    const method = plainMethod()
    const phone = device('phone')
    const reports: Progress[] = []
    const watch = { onProgress: (progress: Progress) => reports.push(progress) }
    const seen = () => statuses(reports.splice(0))

    const { id: walletId } = await generateWallet(phone, watch)
    expect(seen()).toEqual(['Generating share', 'Parsing share', 'Storing share', 'Done'])

    const { cipherText } = await backupWallet(phone, { walletId, method, ...watch })
    expect(seen()).toEqual([
      'Reading share',
      'Generating share',
      'Parsing share',
      'Encrypting share',
      'Storing share',
      'Done',
    ])

    await recoverWallet(device(), { cipherText, method, existingSets: 'keep', ...watch })
    expect(seen()).toEqual(RECOVERY)
    await recoverWallet(device(), { cipherText, method, existingSets: 'retire', rotateBackup: true, ...watch })
    expect(seen()).toEqual(RECOVERY)
    const laptop = device()
    await provisionWallet(laptop, { cipherText, method, ...watch })
    expect(seen()).toEqual(RECOVERY)

    await recoverWallet(device(), { cipherText, method, existingSets: 'keep', dryRun: true, ...watch })
    expect(seen()).toEqual(RECOVERY.filter((status) => status !== 'Storing share'))

    await refreshShares(laptop, { walletId, ...watch })
    expect(seen()).toEqual(['Reading share', 'Generating share', 'Parsing share', 'Storing share', 'Done'])
  })

  test('slow steps report within themselves, and parsing goes curve by curve', async () => {
    const { device } = stage()
    const method = plainMethod()
    const phone = device()
    const reports: Progress[] = []
    const { id: walletId } = await generateWallet(phone)
    const { cipherText } = await backupWallet(phone, { walletId, method, onProgress: (p) => reports.push(p) })
    expect(new Set(reports.filter((p) => p.status === 'Encrypting share').map((p) => p.fraction)).size).toBe(7)
    expect(reports.flatMap((p) => (p.status === 'Parsing share' && p.curve ? [p.curve] : []))).toEqual([
      'secp256k1',
      'ed25519',
    ])
    reports.length = 0
    await provisionWallet(device(), { cipherText, method, onProgress: (p) => reports.push(p) })
    expect(new Set(reports.filter((p) => p.status === 'Decrypting share').map((p) => p.fraction)).size).toBe(4)
  })
})

describe('progress reporter', () => {
  const quiet = { onError: () => {} }

  test('that begins again reports no smaller fraction', () => {
    const reports: Progress[] = []
    const progress = createProgress(
      quiet,
      [
        ['Reading share', 1],
        ['Generating share', 1],
        ['Storing share', 2],
      ],
      (report) => reports.push(report),
    )
    progress.begin('Reading share')
    progress.begin('Generating share')
    progress.begin('Storing share')
    progress.restart()
    progress.begin('Generating share')
    progress.within(0.5)
    progress.begin('Storing share')
    expect(reports.map(({ status, fraction }) => [status, fraction])).toEqual([
      ['Reading share', 0],
      ['Generating share', 0.25],
      ['Storing share', 0.5],
      ['Generating share', 0.5],
      ['Generating share', 0.5],
      ['Storing share', 0.5],
    ])
  })

  test('never goes back, whatever a step reports', () => {
    const fractions: number[] = []
    const progress = createProgress(
      quiet,
      [
        ['Reading share', 1],
        ['Storing share', 3],
      ],
      ({ fraction }) => fractions.push(fraction),
    )
    progress.begin('Reading share')
    for (const part of [0.5, 0.25, -1, 2]) progress.within(part)
    progress.begin('Storing share')
    progress.within(1 / 3)
    progress.finish()
    expect(fractions).toEqual([0, 0.125, 0.125, 0.125, 0.25, 0.25, 0.5, 1])
  })

  test('refuses a step out of order', () => {
    const progress = createProgress(quiet, [['Reading share', 1]], undefined)
    expect(() => progress.begin('Storing share')).toThrow(/not step 0/)
  })
})
