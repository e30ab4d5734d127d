import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { decodeBackupRecord, encodeBackupRecord } from '../../../src/key-share/backup-record.ts'
import { decodeWalletRecord, encodeWalletRecord } from '../../../src/client/wallets/wallet-record.ts'
import { decodeResponse, decodeRequest, encodeResponse, encodeRequest } from '../../../src/channel/messages.ts'
import { getGroup } from '../../../src/curve/index.ts'
import {
  hashMessage,
  OtState,
  Preprocessed,
  restoreEcdsaSigning,
  restoreOtSetup,
  restorePreprocessing,
  wasmEcdsa,
} from '../../../src/protocol/ecdsa/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { createSigning, restoreSigning, type SigningOptions } from '../../../src/protocol/frost/session.ts'
import { encodeKeyShare, decodeKeyShare } from '../../../src/key-share/key-share.ts'
import type { KeyShare } from '../../../src/key-share/types.ts'
import { decodeShareSetRecord, encodeShareSetRecord } from '../../../src/key-share/record.ts'
import {
  decodeWalletSetRecord,
  decodeWalletShares,
  encodeWalletSetRecord,
  encodeWalletShares,
} from '../../../src/key-share/wallet-shares.ts'
import { decodeRecord, encodeRecord } from '../../../src/storage/file/record.ts'
import { fromHex, utf8 } from '../../../src/util/bytes.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { record } from '../../backup/fixtures.ts'
import { ids, holders, preprocessingSessions, setupSessions, signingSessions } from '../../protocol/ecdsa/support.ts'
import { backupShares } from '../../support/backup-shares.ts'
import { seededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'
import { simulate } from '../../support/simulator.ts'

const random = seededRandom('decoders')
const group = getGroup('secp256k1')
const backend = wasmEcdsa()
const shares = generate(group, 2, 2, random)
const walletShares = backupShares(random)
const { id: walletId, ...wallet } = { id: '11'.repeat(16), setId: 'a1'.repeat(32) }

/** A decoder, valid bytes for it, and what it may throw. */
export interface Decoder {
  readonly name: string
  readonly valid: Uint8Array
  decode(bytes: Uint8Array): unknown
  /** Where what was read has one encoding only. */
  encode?(value: never): Uint8Array
  readonly throws: typeof CodecError | 'SHARE_PARSING_FAILED'
  readonly runs: number
}

const signers = holders(backend, 2, 2, random)
const digest = hashMessage(utf8('a message'), 'sha256')
const walletRecord = {
  walletId,
  publicKeys: { secp256k1: new Uint8Array(33).fill(2), ed25519: new Uint8Array(32).fill(3) },
  activeSetId: wallet.setId,
  isNew: false,
  sets: [
    {
      setId: wallet.setId,
      state: 'ACTIVE',
      operationId: '0f'.repeat(16),
      operationExpiresAt: 2 ** 41,
      proofPending: true,
      replaces: [walletId + walletId],
    },
  ],
} as const

/** What a session exports once it has heard the other's first message. */
function afterFirst([first, second]: readonly {
  start(): { out: readonly Uint8Array[] }
  receive(bytes: Uint8Array): unknown
  advance(): unknown
  export(): Uint8Array
}[]): Uint8Array {
  const greeting = first!.start().out
  second!.start()
  for (const bytes of greeting) second!.receive(bytes)
  second!.advance()
  return second!.export()
}

const signing = () => shares.map((share) => createSigning(signingOptions(share)))

function signingOptions(share: KeyShare): SigningOptions {
  return { scheme: 'bip340', group, share, signers: ids(1, 2), message: utf8('a message'), random }
}

export const DECODERS: readonly Decoder[] = [
  {
    name: 'an envelope',
    valid: encodeEnvelope({
      protocol: 'keygen',
      suite: 'secp256k1',
      round: 1,
      from: 1,
      to: 2,
      sid: random(32),
      body: random(40),
    }),
    decode: decodeEnvelope,
    encode: encodeEnvelope,
    throws: CodecError,
    runs: 400,
  },
  {
    name: 'a round body',
    valid: encodeRoundBody({
      header: { kind: 'generate', label: 'phone' },
      messages: [
        { sessionIndex: 0, envelope: random(50) },
        { sessionIndex: 1, envelope: random(9) },
      ],
    }),
    decode: decodeRoundBody,
    throws: CodecError,
    runs: 400,
  },
  {
    name: 'a request before it is sealed',
    valid: encodeRequest({
      method: 'POST',
      time: 1_767_225_600_000,
      path: '/v1/sets',
      authorization: 'Bearer t',
      contentType: 'application/json',
      body: random(200),
    }),
    decode: decodeRequest,
    encode: encodeRequest,
    throws: CodecError,
    runs: 300,
  },
  {
    name: 'an answer before it is sealed',
    valid: encodeResponse({ status: 200, time: 1_767_225_600_000, body: random(255) }),
    decode: decodeResponse,
    encode: encodeResponse,
    throws: CodecError,
    runs: 200,
  },
  {
    name: 'a share set record',
    valid: encodeShareSetRecord(group, shares[0]!.record),
    decode: (bytes) => decodeShareSetRecord(getGroup, bytes),
    encode: (value) => encodeShareSetRecord(group, value),
    throws: 'SHARE_PARSING_FAILED',
    runs: 300,
  },
  {
    name: 'a key share',
    valid: encodeKeyShare(group, shares[0]!),
    decode: (bytes) => decodeKeyShare(getGroup, bytes),
    encode: (value) => encodeKeyShare(group, value),
    throws: 'SHARE_PARSING_FAILED',
    runs: 200,
  },
  {
    name: 'wallet shares',
    valid: encodeWalletShares(getGroup, walletShares),
    decode: (bytes) => decodeWalletShares(getGroup, bytes),
    encode: (value) => encodeWalletShares(getGroup, value),
    throws: 'SHARE_PARSING_FAILED',
    runs: 150,
  },
  {
    name: 'a wallet set record',
    valid: encodeWalletSetRecord(getGroup, {
      ...walletShares,
      records: walletShares.shares.map((share) => share.record),
    }),
    decode: (bytes) => decodeWalletSetRecord(getGroup, bytes),
    encode: (value) => encodeWalletSetRecord(getGroup, value),
    throws: 'SHARE_PARSING_FAILED',
    runs: 150,
  },
  {
    name: 'a backup record',
    valid: encodeBackupRecord(record(random)),
    decode: decodeBackupRecord,
    encode: encodeBackupRecord,
    throws: CodecError,
    runs: 300,
  },
  {
    name: 'the wallet record of a device',
    valid: encodeWalletRecord(walletRecord),
    decode: (bytes) => decodeWalletRecord(bytes, walletId),
    encode: encodeWalletRecord,
    throws: 'SHARE_PARSING_FAILED',
    runs: 400,
  },
  {
    name: 'a file of the store',
    valid: encodeRecord({ key: 'share/1', version: 'ab'.repeat(16), value: random(70) }, fromHex('ab'.repeat(16))),
    decode: decodeRecord,
    throws: CodecError,
    runs: 200,
  },
  {
    name: 'the state of a FROST session',
    valid: afterFirst(signing()),
    decode: (bytes) => restoreSigning(bytes, signingOptions(shares[1]!)).dispose(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 150,
  },
  {
    name: 'the state of an ECDSA session',
    valid: afterFirst(signingSessions(backend, signers, digest, random)),
    decode: (bytes) =>
      restoreEcdsaSigning(bytes, { backend, ...signers[1]!, signers: ids(1, 2), digest, random }).dispose(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 60,
  },
  {
    name: 'the state of a preprocessing session',
    valid: afterFirst(preprocessingSessions(backend, signers, random)),
    decode: (bytes) =>
      restorePreprocessing(bytes, { backend, ...signers[1]!, signers: ids(1, 2), epoch: 0, random }).dispose(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 60,
  },
  {
    name: 'the state of an ECDSA setup',
    valid: afterFirst(setupSessions(backend, ids(1, 2), random)),
    decode: (bytes) => restoreOtSetup(bytes, { backend, random }).dispose(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 5,
  },
  {
    name: 'an oblivious-transfer state',
    valid: signers[0]!.otStates[0]!.encode(),
    decode: (bytes) => OtState.decode(bytes),
    encode: (pair: OtState) => pair.encode(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 150,
  },
  {
    name: 'a preprocessing',
    valid: preprocessing(),
    decode: (bytes) => Preprocessed.decode(backend, bytes),
    encode: (value: Preprocessed) => value.encode(),
    throws: 'SHARE_PARSING_FAILED',
    runs: 200,
  },
]

function preprocessing(): Uint8Array {
  const [outcome] = simulate(preprocessingSessions(backend, holders(backend, 2, 2, random), random))
  return outcome!.done!.preprocessed!.encode()
}
