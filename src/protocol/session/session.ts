/** What {@link Session.start} and {@link Session.advance} return. */
export interface Step<Result> {
  /** Envelopes to send, in order. Empty while messages are missing. */
  readonly out: readonly Uint8Array[]
  /**
   * The result before the other parties have confirmed it. Given at most once, in the step whose `out` confirms it to
   * them: store it durably as PREPARED before you send `out`.
   */
  readonly prepared?: Result
  /**
   * The result after every check has passed. If this step also has `prepared`, it is the same object. The session is
   * over and wiped.
   */
  readonly done?: Result
}

/**
 * What happened to a received envelope: it was kept, it was already there, or it was ignored. An envelope is ignored if it
 * is malformed, does not belong to this session, or differs from one that came before. That never ends a session.
 */
export type Receipt = 'accepted' | 'duplicate' | 'dropped'

/**
 * One party's side of a protocol, as a state machine that does no input or output itself. It is synchronous, used once,
 * and deterministic given its randomness.
 *
 * The party that sends first calls `start()` once. Then it calls `receive()` for every envelope that arrives, and
 * `advance()` whenever one was accepted, until a step has `done`.
 *
 * The party that sends second does not call `start()`: it calls `receive()`, then `advance()`, which starts the session.
 * Its randomness then depends on the messages that it has received, so a random source that repeats itself does not
 * respond to two different messages alike.
 *
 * After `done`, `export()`, an error or `dispose()`, every call but `dispose()` throws a `TypeError`.
 */
export interface Session<Result> {
  /**
   * The first messages, of the party that sends first.
   *
   * @throws {TypeError} if the session was already started
   */
  start(): Step<Result>
  /**
   * Takes one envelope, also before the start. Only its header is checked here.
   *
   * @throws {TypeError} if it is not a `Uint8Array`
   */
  receive(envelope: Uint8Array): Receipt
  /**
   * Runs as many rounds as the received messages allow. Starts the session first if `start()` was not called.
   *
   * @throws {PROTOCOL_ABORTED} if a check fails; the session is wiped
   */
  advance(): Step<Result>
  /**
   * The session's state as secret bytes, to be restored later, such as in the next request to a server. Ends this
   * session.
   */
  export(): Uint8Array
  /** Wipes the session. Idempotent. */
  dispose(): void
}
