import { operationRounds } from '../../src/wire/operation-definitions.ts'
import { itemBindings } from '../../src/wire/sign-all.ts'
import { isEcdsaItem, type SignAllRequest, type SignItem } from '../../src/wire/sign-items.ts'
import { frostShare, keyAtPath, requestDigest } from '../../src/wire/signing.ts'
import { partiesOf } from '../../src/wire/sessions.ts'
import { getGroup } from '../../src/curve/index.ts'
import { createCompletion, createEcdsaSigning, getEcdsaBackend, Preprocessed } from '../../src/protocol/ecdsa/index.ts'
import { createSigning } from '../../src/protocol/frost/session.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import type { KeyShare, WalletShares } from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { fromHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import type { Result } from './operation-results.ts'
import type { EcdsaHeld } from './ecdsa-held.ts'

const signers = partiesOf('signing').map(({ id }) => id)

interface BatchSide {
  readonly operationId: string
  readonly source: WalletShares
  readonly held: EcdsaHeld
  readonly random: RandomSource
}

/** The client's sessions of a `signAll`. Those of FROST start late if there is a round before. */
export function batchSessions(request: SignAllRequest, side: BatchSide): Session<Result>[] {
  const bindings = itemBindings(side.operationId, request)
  const isLate = operationRounds(request) > 1
  return request.items.map((item, i) => {
    const session = sessionOf(item, bindings[i]!, i, side)
    return isLate && !isEcdsaItem(item) ? late(session) : session
  })
}

function sessionOf(item: SignItem, intent: Uint8Array, i: number, side: BatchSide): Session<Result> {
  const { source, held, random } = side
  const group = getGroup(item.scheme === 'ed25519' ? 'ed25519' : 'secp256k1')
  const own = source.shares.find(({ record }) => record.curve === group.curve) as KeyShare
  const common = { signers, aggregator: partyId(1), intent, random }
  if (!isEcdsaItem(item)) {
    const share = frostShare(group, own, item)
    return createSigning({ ...common, scheme: item.scheme, group, share, message: fromHex(item.message) })
  }
  const derivation = keyAtPath(group, own.record, item.path)
  const about = { ...common, backend: getEcdsaBackend(), share: own, digest: requestDigest(item) }
  const options = { ...about, otStates: [held.pair!], ...(derivation && { derivation }) }
  const preprocessing = held.preprocessings?.[i]
  if (preprocessing === undefined) return createEcdsaSigning(options)
  const preprocessed = Preprocessed.decode(options.backend, preprocessing.encoded)
  return createCompletion({ ...options, preprocessed, epoch: 0 })
}

/** A session that begins when it would first advance. */
function late(session: Session<Result>): Session<Result> {
  let isStarted = false
  return {
    start: () => ({ out: [] }),
    receive: (envelope) => session.receive(envelope),
    advance() {
      if (isStarted) return session.advance()
      isStarted = true
      return session.start()
    },
    export: () => session.export(),
    dispose: () => session.dispose(),
  }
}
