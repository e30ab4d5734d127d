import * as protocol from 'reshare/protocol'
import { expect, test } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { simulate } from '../support/simulator.ts'

test('the public protocol layer makes a key, reshares it and signs', () => {
  const { createKeygen, createReshare, createSigning, getGroup, partyId } = protocol
  const random = seededRandom()
  const group = getGroup('ed25519')
  const parties = [1, 2, 3].map((id) => ({ id: partyId(id), role: 'client' as const }))
  const walletId = random(16)

  const keygen = parties.map(({ id: self }) =>
    createKeygen({ group, walletId, purpose: 'signing', threshold: 2, parties, self, random }),
  )
  const [first, second] = simulate(keygen).map(({ done }) => done!) as [protocol.KeyShare, protocol.KeyShare]

  const participants = [first, second].map(({ id }) => ({ dealer: id, receiver: { id, role: 'server' as const } }))
  const reshare = [first, second].map((share, i) =>
    createReshare({
      group,
      old: share.record,
      purpose: 'signing',
      threshold: 2,
      participants,
      self: i + 1,
      share,
      random,
    }),
  )
  const shares = simulate(reshare).map(({ done }) => done!.share!)

  const message = new TextEncoder().encode('hello')
  const signers = shares.map(({ id }) => id)
  const signing = shares.map((share) => createSigning({ scheme: 'ed25519', group, share, signers, message, random }))
  const [signed] = simulate(signing)
  const suite = protocol.frostSuite('ed25519', group)
  const publicKey = group.encodePoint(first.record.publicKey)
  expect(protocol.verifySignature(suite, publicKey, message, signed!.done!.signature!)).toBe(true)
})

test('its names are these', () => {
  expect(Object.keys(protocol).sort()).toEqual([
    'CURVES',
    'ENVELOPE_MAX_LENGTH',
    'MESSAGE_MAX_LENGTH',
    'OtState',
    'Preprocessed',
    'bindOtState',
    'createCompletion',
    'createEcdsaSigning',
    'createImport',
    'createKeygen',
    'createOtSetup',
    'createPreprocessing',
    'createReshare',
    'createSigning',
    'decodeEnvelope',
    'decodeExtendedPublicKey',
    'decodeKeyShare',
    'decodeShareSetRecord',
    'derivePath',
    'deriveShare',
    'digest32',
    'encodeDerivedKey',
    'encodeEnvelope',
    'encodeExtendedPublicKey',
    'encodeKeyShare',
    'encodeShareSetRecord',
    'encodeSignature',
    'fingerprint',
    'formatPath',
    'frostSuite',
    'generateReceiver',
    'getEcdsaBackend',
    'getGroup',
    'hashMessage',
    'newChallenge',
    'parsePath',
    'partyId',
    'proveExport',
    'provePossession',
    'receiveShare',
    'recombineKey',
    'releaseShare',
    'restoreCompletion',
    'restoreEcdsaSigning',
    'restoreImport',
    'restoreKeygen',
    'restoreOtSetup',
    'restorePreprocessing',
    'restoreReshare',
    'restoreSigning',
    'runSteps',
    'taprootOutputKey',
    'validateKeyShare',
    'verifyPossession',
    'verifySignature',
    'wasmEcdsa',
    'wipeKeyShare',
  ])
})
