import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import {
  backupWallet,
  createClient,
  generateWallet,
  listSets,
  MpcError,
  recoverWallet,
  sign,
  signAll,
  type BackupMethod,
  type Client,
  type Progress,
  type PublicKeys,
  type ShareStore,
  type Transport,
} from '../../src/index.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'

export interface RecoveryStoryOptions {
  /** A real server, seen by one client. */
  readonly transport: Transport
  /** A new share store for the device of this name. */
  readonly createStore: (device: string) => ShareStore
  readonly method: BackupMethod
}

/** What the story saw, for whoever compares engines. */
export interface RecoveryStory {
  readonly walletId: string
  readonly publicKeys: { readonly secp256k1: string; readonly ed25519: string }
  /** By device. */
  readonly setIds: Readonly<Record<string, string>>
  /** The statuses of each recovery, each once for as long as it lasted. */
  readonly statuses: readonly (readonly string[])[]
  readonly signatures: number
}

/**
 * The main job against a real server, in any engine: a phone makes a wallet and backs it up, a laptop recovers it, both
 * sign at the same time; then a tablet recovers it and retires both.
 *
 * @throws {Error} wherever it does not go as it should
 */
export async function recoveryStory({ transport, createStore, method }: RecoveryStoryOptions): Promise<RecoveryStory> {
  const device = (label: string) => createClient({ transport, storage: createStore(label), label, pool: { size: 0 } })
  const [phone, laptop, tablet] = [device('phone'), device('laptop'), device('tablet')]
  const statuses: string[][] = []
  let signatures = 0

  const signBoth = async (client: Client, walletId: string, keys: PublicKeys, text: string) => {
    await signsForBothKeys(client, walletId, keys, utf8(text))
    signatures += 2
  }

  const wallet = await generateWallet(phone)
  const { cipherText, confirm } = await backupWallet(phone, { walletId: wallet.id, method })
  await confirm()

  const signFirst = async (client: Client, walletId: string, keys: PublicKeys) => {
    await signsEcdsa(client, walletId, keys, utf8('the first signature of a recovered set'))
    signatures += 1
  }

  const kept = await recoverWallet(laptop, { cipherText, method, existingSets: 'keep', ...recording(statuses) })
  assert(kept.id === wallet.id && kept.setId !== wallet.setId, 'the laptop has a set of its own for the same wallet')
  assertSameKeys(kept.publicKeys, wallet.publicKeys)
  await signFirst(laptop, wallet.id, wallet.publicKeys)
  await Promise.all(
    [phone, laptop].flatMap((client, index) => [
      signBoth(client, wallet.id, wallet.publicKeys, 'the same message'),
      signBoth(client, wallet.id, wallet.publicKeys, `message ${index}`),
    ]),
  )

  const sole = await recoverWallet(tablet, { cipherText, method, existingSets: 'retire', ...recording(statuses) })
  assertSameKeys(sole.publicKeys, wallet.publicKeys)
  await signFirst(tablet, wallet.id, wallet.publicKeys)
  for (const client of [phone, laptop]) await assertRetired(client, wallet.id)
  await signBoth(tablet, wallet.id, wallet.publicKeys, 'only one is left')
  await assertSets(tablet, wallet.id, { [wallet.setId]: false, [kept.setId]: false, [sole.setId]: true })

  return {
    walletId: wallet.id,
    publicKeys: { secp256k1: toHex(wallet.publicKeys.secp256k1), ed25519: toHex(wallet.publicKeys.ed25519) },
    setIds: { phone: wallet.setId, laptop: kept.setId, tablet: sole.setId },
    statuses,
    signatures,
  }
}

/** Signs by both schemes; both signatures verify with \@noble/curves under the wallet's public keys. */
export async function signsForBothKeys(
  client: Client,
  walletId: string,
  keys: PublicKeys,
  message: Uint8Array,
): Promise<void> {
  const edwards = await sign(client, { walletId, scheme: 'ed25519', message })
  assert(ed25519.verify(edwards.signature, message, keys.ed25519, { zip215: false }), 'the ed25519 signature verifies')
  const taproot = await sign(client, { walletId, scheme: 'bip340', message })
  assert(schnorr.verify(taproot.signature, message, keys.secp256k1.slice(1)), 'the BIP 340 signature verifies')
}

/** Signs by threshold ECDSA; the signature verifies with \@noble/curves under the wallet's public key. */
export async function signsEcdsa(
  client: Client,
  walletId: string,
  keys: PublicKeys,
  message: Uint8Array,
): Promise<void> {
  const { signature } = await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  assert(secp256k1.verify(signature, message, keys.secp256k1, { lowS: true }), 'the ECDSA signature verifies')
}

/** Signs a message by every scheme in one `signAll`; each signature verifies with \@noble/curves at its place. */
export async function signsTogether(
  client: Client,
  walletId: string,
  keys: PublicKeys,
  message: Uint8Array,
): Promise<void> {
  const [edwards, first, taproot, second] = await signAll(client, {
    walletId,
    items: [
      { scheme: 'ed25519', message },
      { scheme: 'ecdsa', message, hash: 'sha256' },
      { scheme: 'bip340', message },
      { scheme: 'ecdsa', message, hash: 'sha256' },
    ],
  })
  assert(ed25519.verify(edwards.signature, message, keys.ed25519, { zip215: false }), 'the ed25519 signature verifies')
  assert(schnorr.verify(taproot.signature, message, keys.secp256k1.slice(1)), 'the BIP 340 signature verifies')
  for (const { signature } of [first, second]) {
    assert(secp256k1.verify(signature, message, keys.secp256k1, { lowS: true }), 'both ECDSA signatures verify')
  }
}

function recording(statuses: string[][]): { onProgress: (progress: Progress) => void } {
  const own: string[] = []
  statuses.push(own)
  return {
    onProgress: ({ status }) => {
      if (own.at(-1) !== status) own.push(status)
    },
  }
}

async function assertRetired(client: Client, walletId: string): Promise<void> {
  const message = utf8('no')
  for (const statement of [{ scheme: 'ed25519' }, { scheme: 'ecdsa', hash: 'sha256' }] as const) {
    const refusal = await sign(client, { walletId, message, ...statement }).catch((error: unknown) => error)
    assert(
      refusal instanceof MpcError && refusal.code === 'SET_RETIRED',
      `a retired set is refused, got ${String(refusal)}`,
    )
  }
}

async function assertSets(client: Client, walletId: string, active: Record<string, boolean>): Promise<void> {
  const sets = (await listSets(client, { walletId })).filter(({ purpose }) => purpose === 'signing')
  assert(sets.length === Object.keys(active).length, 'every signing set is listed')
  for (const { setId, state } of sets) assert((state === 'ACTIVE') === active[setId], `${setId} is ${state}`)
}

function assertSameKeys(a: PublicKeys, b: PublicKeys): void {
  assert(toHex(a.secp256k1) === toHex(b.secp256k1) && toHex(a.ed25519) === toHex(b.ed25519), 'the same public keys')
}

function assert(condition: boolean, expected: string): void {
  if (!condition) throw new Error(`expected: ${expected}`)
}
