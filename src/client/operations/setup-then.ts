import type { PairSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { OperationSession } from './run-operation.ts'

/** A set-up and the session that is begun with what it has made, as one: the server plays both in one sessionIndex. */
export function afterSetUp<Result>(
  setUp: Session<readonly PairSetup[]>,
  begin: (made: PairSetup) => Session<Result>,
): OperationSession<Result> {
  let session: Session<Result> | undefined
  return {
    start: () => ({ out: setUp.start().out }),
    receive: (envelope) => (session ?? setUp).receive(envelope),
    advance() {
      if (session !== undefined) return session.advance()
      const { out, done } = setUp.advance()
      if (done === undefined) return { out }
      session = begin(done[0]!)
      return { out: [...out, ...session.start().out] }
    },
    dispose() {
      setUp.dispose()
      session?.dispose()
    },
  }
}
