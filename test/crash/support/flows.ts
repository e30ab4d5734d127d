import { secp256k1 } from '@noble/curves/secp256k1.js'
import { exportPrivateKey } from '../../../src/export.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { importWallet } from '../../../src/import.ts'
import {
  backupWallet,
  generateWallet,
  isMpcError,
  preprocessSignatures,
  provisionWallet,
  recoverWallet,
  refreshShares,
  resume,
  retireSet,
  sign,
  signAll,
  type Client,
  type SetLimits,
} from '../../../src/index.ts'
import type { PolicyConditions } from '../../../src/server/index.ts'
import { equalBytes, utf8 } from '../../../src/util/bytes.ts'
import { storeBackup, type WalletLine } from './wallet-line.ts'
import type { Device } from './world.ts'

/** Something that a user does with a wallet, in which a process may end. */
export interface Flow {
  readonly name: string
  /** Whether it runs on a device that is new to the wallet, and gives it a set. */
  readonly newDevice: boolean
  /** Whether the set that the wallet had before must sign whatever happens. */
  readonly keepsOwner: boolean
  /** Whether it makes a new backup. */
  readonly changesBackup: boolean
  /** Whether it makes a wallet of its own, and leaves the one of the line alone. */
  readonly makesWallet: boolean
  /** Whether two of three methods open the backups of its world, and not a password. */
  readonly byTwoOfThree?: boolean
  /** What must be so before it. @returns what `run` is told */
  prepare?(line: WalletLine, device: Device): Promise<string>
  run(client: Client, line: WalletLine, prepared: string): Promise<unknown>
}

const ofOwner = { newDevice: false, keepsOwner: true, changesBackup: false, makesWallet: false }
const ofNewDevice = { ...ofOwner, newDevice: true }

const message = utf8('what a user signs')
const LIMITS: SetLimits = { scope: 'agent', expiresAt: '2100-01-01T00:00:00.000Z' }

/** What is signed at once. */
const items = [
  { scheme: 'ed25519', message },
  { scheme: 'ecdsa', message, hash: 'sha256' },
  { scheme: 'bip340', message, path: 'm/1' },
  { scheme: 'ecdsa', message, hash: 'keccak256', path: 'm/2' },
] as const

const HOUR = 3_600_000

/**
 * Does what a policy wants an approval or a time for: asks, has it approved or waits, and does it again, as an app that throws. An
 * approval that an interrupted run has left is used first.
 */
async function onceAllowed(
  { world }: WalletLine,
  action: string,
  conditions: PolicyConditions,
  work: () => Promise<unknown>,
): Promise<void> {
  world.conditions.set(action, conditions)
  try {
    const error: unknown = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) return
    if (!isMpcError(error, 'APPROVAL_REQUIRED')) throw error
    await world.approve()
    world.pass(conditions.delayMs ?? 0)
    await work()
  } finally {
    world.conditions.clear()
  }
}

/** Every operation that client, server and custodian play. */
export const flows: readonly Flow[] = [
  {
    ...ofOwner,
    name: 'generate',
    makesWallet: true,
    run: (client) => generateWallet(client),
  },
  {
    ...ofOwner,
    name: 'import',
    makesWallet: true,
    run: (client) => importWallet(client, { secp256k1: { privateKey: new Uint8Array(32).fill(5) } }),
  },
  {
    ...ofOwner,
    name: 'backup',
    changesBackup: true,
    run: async (client, line) =>
      storeBackup(line, await backupWallet(client, { walletId: line.wallet.id, method: line.world.method })),
  },
  {
    ...ofNewDevice,
    name: 'recover keep',
    run: (client, { cipherText, world: { method } }) =>
      recoverWallet(client, { cipherText, method, existingSets: 'keep' }),
  },
  {
    ...ofNewDevice,
    name: 'recover retire',
    keepsOwner: false,
    run: (client, { cipherText, world: { method } }) =>
      recoverWallet(client, { cipherText, method, existingSets: 'retire' }),
  },
  {
    ...ofNewDevice,
    name: 'recover retire, set up later',
    keepsOwner: false,
    run: async (client, { cipherText, wallet, world: { method } }) => {
      const putOff = { ...client, ecdsa: { ...client.ecdsa!, setupTime: () => 'firstSignature' as const } }
      await recoverWallet(putOff, { cipherText, method, existingSets: 'retire' })
      await sign(putOff, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'sha256' })
    },
  },
  {
    ...ofNewDevice,
    name: 'recover rotate',
    changesBackup: true,
    byTwoOfThree: true,
    run: async (client, line) => {
      const { cipherText, world } = line
      const rotate = { method: world.method, existingSets: 'keep', rotateBackup: true } as const
      const { backup } = await recoverWallet(client, { cipherText, ...rotate })
      await storeBackup(line, backup!)
    },
  },
  {
    ...ofNewDevice,
    name: 'join',
    run: (client, line) => joinTogether(line, line.world.startPatient(line.owner), client),
  },
  {
    ...ofNewDevice,
    name: 'join, limited',
    run: (client, line) => joinTogether(line, line.world.startPatient(line.owner), client, LIMITS),
  },
  {
    ...ofNewDevice,
    name: 'recover keep, limited',
    run: (client, { cipherText, world: { method } }) => provisionWallet(client, { cipherText, method, ...LIMITS }),
  },
  {
    ...ofOwner,
    name: 'invite',
    run: (client, line) => joinTogether(line, client, line.world.startPatient(line.world.device('joining'))),
  },
  {
    ...ofOwner,
    name: 'refresh',
    run: (client, { wallet }) => refreshShares(client, { walletId: wallet.id }),
  },
  {
    ...ofOwner,
    name: 'retire',
    prepare: async ({ world, cipherText }) => {
      const guest = world.start(world.device('guest'))
      return (await recoverWallet(guest, { cipherText, method: world.method, existingSets: 'keep' })).setId
    },
    run: (client, { wallet }, setId) => retireSet(client, { walletId: wallet.id, setId }),
  },
  {
    ...ofNewDevice,
    name: 'prove',
    prepare: async ({ world, cipherText }, device) => {
      const client = world.start(device)
      return (await recoverWallet(client, { cipherText, method: world.method, existingSets: 'keep' })).setId
    },
    run: (client) => resume(client),
  },
  {
    ...ofOwner,
    name: 'sign ed25519',
    run: (client, { wallet }) => sign(client, { walletId: wallet.id, scheme: 'ed25519', message }),
  },
  {
    ...ofOwner,
    name: 'sign bip340',
    run: (client, { wallet }) => sign(client, { walletId: wallet.id, scheme: 'bip340', message }),
  },
  {
    ...ofOwner,
    name: 'sign ecdsa',
    run: (client, { wallet }) => sign(client, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'sha256' }),
  },
  {
    ...ofOwner,
    name: 'preprocess, sign',
    run: async (client, { wallet: { id: walletId } }) => {
      await preprocessSignatures(client, { walletId, count: 1 })
      await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
    },
  },
  {
    ...ofOwner,
    name: 'sign all',
    run: (client, { wallet: { id: walletId } }) => signAll(client, { walletId, items }),
  },
  {
    ...ofOwner,
    name: 'preprocess, sign all',
    run: async (client, { wallet: { id: walletId } }) => {
      await preprocessSignatures(client, { walletId, count: 2 })
      await signAll(client, { walletId, items })
    },
  },
  {
    ...ofOwner,
    name: 'set up again',
    prepare: async (_, { storage }) => {
      for (const key of await storage.list('ot/')) await storage.delete(key)
      return ''
    },
    run: (client, { wallet }) => sign(client, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'sha256' }),
  },
  ...(['ed25519', 'ecdsa'] as const).map((scheme): Flow => ({
    ...ofOwner,
    name: `sign ${scheme}, approved`,
    run: (client, line) => {
      const statement = scheme === 'ecdsa' ? ({ scheme, message, hash: 'sha256' } as const) : { scheme, message }
      return onceAllowed(line, 'sign', { approval: 'operator' }, () =>
        sign(client, { walletId: line.wallet.id, ...statement }),
      )
    },
  })),
  {
    ...ofNewDevice,
    name: 'recover, delayed',
    run: (client, line) =>
      onceAllowed(line, 'recover', { delayMs: HOUR }, () =>
        recoverWallet(client, { cipherText: line.cipherText, method: line.world.method, existingSets: 'keep' }),
      ),
  },
  {
    ...ofOwner,
    name: 'export, approved and delayed',
    run: (client, line) =>
      onceAllowed(line, 'export', { approval: 'any', delayMs: HOUR }, () =>
        exportPrivateKey(client, { walletId: line.wallet.id, curve: 'ed25519', authorization: 'the user said so' }),
      ),
  },
  {
    ...ofOwner,
    name: 'export',
    run: async (client, { wallet }) => {
      const asked = { walletId: wallet.id, curve: 'secp256k1', authorization: 'the user said so' } as const
      const { privateKey } = await exportPrivateKey(client, asked)
      const same = equalBytes(secp256k1.getPublicKey(privateKey), wallet.publicKeys.secp256k1)
      if (!same) throw new Error('the exported key is another one')
    },
  },
]

/** One device invites another. Once one of them has failed, its user has the other one stop. */
async function joinTogether(
  { wallet }: WalletLine,
  inviting: Client,
  joining: Client,
  limits: SetLimits = {},
): Promise<void> {
  const stop = new AbortController()
  const { code, done } = await joinWallet(joining, { signal: stop.signal })
  const failures: unknown[] = []
  const failed = (error: unknown) => {
    failures.push(error)
    stop.abort()
  }
  const invited = inviteDevice(inviting, { walletId: wallet.id, code, signal: stop.signal, ...limits })
  await Promise.all([done.catch(failed), invited.catch(failed)])
  if (failures.length > 0) throw failures[0]
}

export function flowNamed(name: string): Flow {
  return flows.find((flow) => flow.name === name)!
}
