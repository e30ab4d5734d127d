import type { SignEcdsaRequest } from '../../../wire/operations.ts'
import { OtState } from '../../../protocol/ecdsa/index.ts'
import { ProtocolError } from '../../../errors.ts'
import { wipe } from '../../../util/bytes.ts'
import { Reader, Writer } from '../../../util/codec.ts'
import type { ServerContext } from '../../context.ts'
import { ecdsaRecord } from '../../sets/sets-table.ts'
import type { RoundOutput, RoundInput } from '../round.ts'
import { advanceEcdsa, type EcdsaRound } from './advance.ts'
import { advanceSetup, otStateOf } from './setup.ts'
import { openSourceShare, sourceOf } from '../source.ts'

const SETUP_ROUNDS = 2
const MAX_LENGTH = 1 << 20

/**
 * Signs with a setup made for this signature: two rounds of setup, two of signing. The setup is part of the operation's state
 * and is deleted with it in any case, so what a cheat learns of it is useless afterwards.
 */
export async function ephemeralSetupRound(
  context: ServerContext,
  input: RoundInput<SignEcdsaRequest>,
  toOutput: (round: EcdsaRound) => RoundOutput,
): Promise<RoundOutput> {
  const { round, state } = input
  const set = await sourceOf(context, input)
  if (round <= SETUP_ROUNDS) {
    const { setups, ...unfinished } = advanceSetup(context, input)
    if (setups === undefined) {
      if (round < SETUP_ROUNDS) return unfinished
      // Only one of the round's two messages came: the session waits for the other.
      wipe(unfinished.state)
      throw new ProtocolError('FORMAT', 0, [], 'the setup does not end in its two rounds')
    }
    const otState = otStateOf(setups, ecdsaRecord(set))
    return { messages: unfinished.messages, state: encodeState(otState, undefined) }
  }
  const { otState, signing } = decodeState(state as Uint8Array)
  try {
    const advanced = await advanceEcdsa(
      context,
      input,
      { serverShare: openSourceShare(context, input), otState },
      signing,
    )
    if (advanced.state === undefined) return toOutput(advanced)
    return toOutput({ ...advanced, state: encodeState(otState, advanced.state) })
  } finally {
    otState.dispose()
    wipe(signing)
  }
}

/** `length u32 | OT state | length u32 | signing session`, the latter empty before it begins. Wipes its arguments. */
function encodeState(otState: OtState, signing: Uint8Array | undefined): Uint8Array {
  const encoded = otState.encode()
  try {
    return new Writer()
      .prefixed(encoded)
      .prefixed(signing ?? new Uint8Array(0))
      .finish()
  } finally {
    wipe(encoded, signing)
    otState.dispose()
  }
}

function decodeState(state: Uint8Array): { readonly otState: OtState; readonly signing: Uint8Array | undefined } {
  const reader = new Reader(state)
  const encoded = reader.prefixed(MAX_LENGTH)
  const signing = reader.prefixed(MAX_LENGTH)
  reader.end()
  try {
    return { otState: OtState.decode(encoded), signing: signing.length === 0 ? undefined : signing }
  } finally {
    wipe(encoded)
  }
}
