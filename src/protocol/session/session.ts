/** What a session hands to its caller after {@link Session.start} or {@link Session.advance}. */
export interface Step<Result> {
  /** Envelopes to send, in order. Empty while messages are still missing. */
  readonly out: readonly Uint8Array[]
  /**
   * The result before the other parties have confirmed it, given at most once, together with the messages that state
   * that it is safe: the caller stores it durably as PREPARED before it sends `out`.
   */
  readonly prepared?: Result
  /** The result after every check has passed, the same object as a `prepared` of this step. The session is over and wiped. */
  readonly done?: Result
}

/** What became of a received envelope. Dropped ones (stray, unauthentic, malformed header) never end a session. */
export type Receipt = 'accepted' | 'duplicate' | 'dropped'

/**
 * One party's side of a protocol as a state machine without input or output: synchronous, single-use, deterministic in
 * the randomness it was given.
 *
 * Order of use, for who speaks first: `start()` once, then `receive()` for every envelope that arrives and `advance()` when
 * something was accepted, until a step has `done`. Who answers begins with `receive()` and `advance()`, which starts the
 * session: what it draws then depends on what it has seen, so that a random source that repeats answers no two messages
 * alike. After `done`, `export()`, an error or `dispose()` every call throws.
 */
export interface Session<Result> {
  /** First messages, for who speaks first. */
  start(): Step<Result>
  /** Takes one envelope, before the start too; checks its header only. */
  receive(envelope: Uint8Array): Receipt
  /**
   * Plays as many rounds as the received messages allow, and starts first where `start()` was not called.
   *
   * @throws {PROTOCOL_ABORTED} if a check fails; the session is wiped
   */
  advance(): Step<Result>
  /** The state as secret bytes, for a machine without memory between requests. Consumes the session. */
  export(): Uint8Array
  /** Wipes the session. Idempotent. */
  dispose(): void
}
