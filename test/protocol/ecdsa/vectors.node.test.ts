import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'

import type { Point } from '../../../src/curve/group.ts'
import { portableEcdsa, wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { fixedSetup, fixedSignatures } from './transcript.ts'

/**
 * Freezes every message of a set-up, a signature, a preprocessing and what completes it, with fixed randomness. A change of these bytes is a change of the protocol and means new tags or a new version; `vitest -u` writes
 * the file.
 */
test('a seeded transcript is as it was, on both backends', async () => {
  const wasm = wasmEcdsa()
  const { group } = wasm
  const { shares, states, messages } = fixedSetup(wasm)
  const signatures = fixedSignatures(wasm, shares, states)
  const { record } = shares[0]!
  const transcript = {
    source: 'reshare itself: test/protocol/ecdsa/transcript.ts. Hashes are of whole envelopes.',
    publicKey: toHex(group.encodePoint(record.publicKey)),
    setId: toHex(record.setId),
    setup: { messages, stateSha256: states.map((state) => toHex(sha256(state))) },
    ...signatures,
  }
  await expect(`${JSON.stringify(transcript, null, 2)}\n`).toMatchFileSnapshot('../../vectors/ecdsa.json')

  const portable = portableEcdsa()
  const moved = (point: Point): Point => portable.group.decodePoint(group.encodePoint(point))
  const again = shares.map((share) => ({
    ...share,
    record: {
      ...record,
      publicKey: moved(record.publicKey),
      parties: record.parties.map((party) => ({ ...party, verifyingShare: moved(party.verifyingShare) })),
    },
  }))
  expect(fixedSignatures(portable, again, states)).toEqual(signatures)
})
