import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import { OtState } from '../../../protocol/ecdsa/index.ts'
import { ProtocolError } from '../../../errors.ts'
import { wipe } from '../../../util/bytes.ts'
import { Reader, Writer } from '../../../util/codec.ts'
import type { ServerContext } from '../../context.ts'
import { ecdsaRecord } from '../../sets/sets-table.ts'
import { readShare } from '../../sets/shares.ts'
import type { RoundOutput, RoundInput } from '../round.ts'
import { advanceEcdsa, type EcdsaRound } from './advance.ts'
import { advanceSetup, pairOf } from './setup.ts'
import { requireSource } from '../source.ts'

const SETUP_ROUNDS = 2
const MAX_LENGTH = 1 << 20

/**
 * Signs with a setup made for this signature: two rounds of setup, two of signing. The setup lives in the state of the
 * operation and goes with it, whatever the outcome: what a cheat learns of it is of no use afterwards.
 */
export async function ephemeralSetupRound(
  context: ServerContext,
  turn: RoundInput<SignEcdsaRequest>,
  played: (round: EcdsaRound) => RoundOutput,
): Promise<RoundOutput> {
  const { clientId, request, round, state } = turn
  const set = await requireSource(context.database, turn, request)
  if (round <= SETUP_ROUNDS) {
    const { setups, ...unfinished } = await advanceSetup(context, turn)
    if (setups === undefined) {
      if (round < SETUP_ROUNDS) return unfinished
      // One of the round's two messages came alone, and the session waits for the other.
      wipe(unfinished.state)
      throw new ProtocolError('FORMAT', 0, [], 'the setup does not end in its two rounds')
    }
    const pair = pairOf(setups, ecdsaRecord(set))
    return { messages: unfinished.messages, state: encodeState(pair, undefined) }
  }
  const { pair, signing } = decodeState(state as Uint8Array)
  try {
    const half = await readShare(context, context.database, clientId, request.setId)
    const advanced = advanceEcdsa(context, turn, half, pair, signing)
    if (advanced.state === undefined) return played(advanced)
    return played({ ...advanced, state: encodeState(pair, advanced.state) })
  } finally {
    pair.dispose()
    wipe(signing)
  }
}

/** `length u32 | pair | length u32 | signing session`, the latter empty before it begins. Wipes what it takes. */
function encodeState(pair: OtState, signing: Uint8Array | undefined): Uint8Array {
  const encoded = pair.encode()
  try {
    return new Writer()
      .prefixed(encoded)
      .prefixed(signing ?? new Uint8Array(0))
      .finish()
  } finally {
    wipe(encoded, signing)
    pair.dispose()
  }
}

function decodeState(state: Uint8Array): { readonly pair: OtState; readonly signing: Uint8Array | undefined } {
  const reader = new Reader(state)
  const encoded = reader.prefixed(MAX_LENGTH)
  const signing = reader.prefixed(MAX_LENGTH)
  reader.end()
  try {
    return { pair: OtState.decode(encoded), signing: signing.length === 0 ? undefined : signing }
  } finally {
    wipe(encoded)
  }
}
