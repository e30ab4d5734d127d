import type { PeerSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { OperationSession } from '../types.ts'

/** A setup and the session that starts from its result, as one session: both use the same sessionIndex. */
export function afterSetup<Result>(
  setup: Session<readonly PeerSetup[]>,
  begin: (setupResult: PeerSetup) => Session<Result>,
): OperationSession<Result> {
  let session: Session<Result> | undefined
  return {
    start: () => ({ out: setup.start().out }),
    receive: (envelope) => (session ?? setup).receive(envelope),
    advance() {
      if (session !== undefined) return session.advance()
      const { out, done } = setup.advance()
      if (done === undefined) return { out }
      session = begin(done[0]!)
      return { out: [...out, ...session.start().out] }
    },
    dispose() {
      setup.dispose()
      session?.dispose()
    },
  }
}
