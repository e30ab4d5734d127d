import { sha256 } from '@noble/hashes/sha2.js'
import { encodeIntent } from '../../src/wire/intent.ts'
import { encodeRoundBody } from '../../src/wire/round-body.ts'
import { itemBindings } from '../../src/wire/sign-all.ts'
import type { SignAllRequest } from '../../src/wire/sign-items.ts'
import type { Group } from '../../src/curve/group.ts'
import { decodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { createSigning } from '../../src/protocol/frost/index.ts'
import { createImport } from '../../src/protocol/import/index.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { type ExportTerms, proveExport, releaseShare } from '../../src/protocol/export/index.ts'
import { provePossession } from '../../src/protocol/possession/index.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import {
  combineRecords,
  combineShares,
  encodeKeyShare,
  encodeShareSetRecord,
  encodeWalletSetRecord,
  encodeWalletShares,
  type KeyShare,
} from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { concatBytes, toHex, utf8 } from '../../src/util/bytes.ts'
import { fixedRandom } from './fixed-random.ts'
import { newParties } from './sets.ts'

/** The bytes of docs/wire.md, by name: one run with fixed randomness of everything that has a format. */
export type Example = Readonly<Record<string, Uint8Array>>

const WALLET_ID = Uint8Array.from({ length: 16 }, (_, i) => i)

/** A key generation and a backup reshare between two machines, on one curve. */
export function exampleRun(group: Group): Example {
  const random = [fixedRandom('client'), fixedRandom('server')] as const
  const parties = newParties([1, 2])
  const agreed = { group, walletId: WALLET_ID, purpose: 'signing', threshold: 2, parties } as const
  const keygen = converse(
    'keygen',
    parties.map(({ id }, i) => createKeygen({ ...agreed, self: id, random: random[i as 0 | 1] })),
  )
  const shares = keygen.results as [KeyShare, KeyShare]

  const participants = newParties([1, 2]).map((receiver, i) => ({
    dealer: receiver.id,
    receiver: { ...receiver, role: i === 0 ? ('client' as const) : ('custodian' as const) },
  }))
  const old = shares[0].record
  const reshare = converse(
    'reshare',
    shares.map((share, i) =>
      createReshare({
        group,
        old,
        purpose: 'backup',
        threshold: 2,
        participants,
        self: i + 1,
        share,
        random: random[i as 0 | 1],
      }),
    ),
  )
  const [aggregator] = shares.map(({ id }) => id) as [KeyShare['id']]
  const frost = converse(
    'frost',
    shares.map((share) =>
      createSigning({
        scheme: group.curve,
        group,
        share,
        signers: shares.map(({ id }) => id),
        aggregator,
        message: utf8('reshare'),
        random: fixedRandom(`frost ${share.id}`),
      }),
    ),
  )
  const nonce = new Uint8Array(32).fill(0x2a)
  const drawn = fixedRandom('export')
  const receiver = generateKeyPair(drawn)
  const terms: ExportTerms = {
    group,
    record: old,
    from: shares[1].id,
    to: shares[0].id,
    receiver: receiver.publicKey,
    operation: new Uint8Array(16).fill(0x0e),
  }
  const proof = proveExport(terms, { share: shares[0], challenge: nonce, random: drawn })
  const sealed = releaseShare(terms, { share: shares[1], challenge: nonce, proof, random: drawn })
  return {
    ...keygen.messages,
    ...reshare.messages,
    ...frost.messages,
    ...importRun(group),
    'frost-signature': frost.results[0]!.signature!,
    'possession-input': nonce,
    possession: provePossession({ group, share: shares[0], verifier: shares[1].id, nonce, random: random[0] }),
    'export-input': concatBytes(nonce, terms.operation, receiver.secretKey, receiver.publicKey),
    'export-proof': proof,
    'export-share': sealed,
    'export-share-opened': shares[1].secretShare,
    record: encodeShareSetRecord(group, old),
    'key-share': encodeKeyShare(group, shares[0]),
    'wallet-shares': encodeWalletShares(() => group, combineShares([shares[0]])),
    'wallet-set-record': encodeWalletSetRecord(() => group, combineRecords([old])),
    'wallet-set-id': combineShares([shares[0]]).setId,
    'round-body': encodeRoundBody({
      header: { round: 1 },
      messages: [{ sessionIndex: 1, envelope: keygen.messages['keygen-1-client'] as Uint8Array }],
    }),
    intent: encodeIntent({ kind: 'ethereumMessage', data: utf8('hello') }),
    'batch-bindings': concatBytes(...itemBindings('0e'.repeat(16), batch)),
  }
}

/** A request for two signatures. */
const batch: SignAllRequest = {
  kind: 'signAll',
  walletId: '1a'.repeat(16),
  setId: '5e'.repeat(32),
  items: [
    { scheme: 'ecdsa', message: 'd1'.repeat(32), hash: null, path: 'm/0/5', intent: 0, input: 1 },
    { scheme: 'ed25519', message: '68656c6c6f', path: 'm' },
  ],
  intents: ['010500000000aa'],
}

/** The import of a key that the client has, and what somebody needs to open and check its messages. */
function importRun(group: Group): Example {
  const secret = group.decodeScalar(sha256(utf8('imported key')).fill(0, 0, 1).fill(0, 31))
  const agreed = {
    group,
    walletId: WALLET_ID,
    purpose: 'signing',
    threshold: 2,
    parties: newParties([1, 2]),
    dealer: partyId(1),
    publicKey: group.encodePoint(group.multiplyBase(secret)),
  } as const
  const client = () => createImport({ ...agreed, self: partyId(1), random: fixedRandom('import client'), secret })
  const server = () => createImport({ ...agreed, self: partyId(2), random: fixedRandom('import server') })
  const { messages, results } = converse('import', [client(), server()])
  const [, share] = results as [KeyShare, KeyShare]
  const sealKey = messages['import-1-server']!.slice(-32)
  return {
    ...messages,
    'import-input': concatBytes(secret, sealSecret(server(), client(), sealKey)),
    'import-share': share.secretShare,
  }
}

/** The secret key of a session that has just sent its message of round 1: its state has it before the public one. */
function sealSecret(server: Session<unknown>, client: Session<unknown>, publicKey: Uint8Array): Uint8Array {
  for (const envelope of client.start().out) server.receive(envelope)
  client.dispose()
  server.advance()
  const state = server.export()
  const at = toHex(state).indexOf(toHex(publicKey)) / 2
  return state.slice(at - 32, at)
}

/** Lets client and server respond to each other in turn; names messages `protocol-round[-direct]-sender`. */
function converse<Result>(
  protocol: string,
  sessions: readonly Session<Result>[],
): { messages: Record<string, Uint8Array>; results: Result[] } {
  const [client, server] = sessions as [Session<Result>, Session<Result>]
  const messages: Record<string, Uint8Array> = {}
  const results: Result[] = []
  const note = (sender: 'client' | 'server', out: readonly Uint8Array[]) => {
    for (const bytes of out) {
      const { round, to } = decodeEnvelope(bytes)
      messages[`${protocol}-${round}-${to === 0 ? '' : 'direct-'}${sender}`] = bytes
    }
  }
  const turns = [
    { name: 'server', to: server },
    { name: 'client', to: client },
  ] as const
  let sent = client.start().out
  note('client', sent)
  for (let turn = 0; sent.length > 0; turn++) {
    const { name, to } = turns[turn % 2] as (typeof turns)[number]
    for (const bytes of sent) to.receive(bytes)
    const step = to.advance()
    if (step.done !== undefined) results[name === 'client' ? 0 : 1] = step.done
    sent = step.out
    note(name, sent)
  }
  return { messages, results }
}
