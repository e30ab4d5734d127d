import { operationRounds } from '../../../src/wire/operation-definitions.ts'
import { errorBody, errorStatus } from '../../../src/wire/error-body.ts'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import type { OperationRequest, OperationResult, SignEcdsaRequest } from '../../../src/wire/operations.ts'
import { MpcError, ProtocolError } from '../../../src/errors.ts'
import { bindOtState, type OtState, type Preprocessed } from '../../../src/protocol/ecdsa/index.ts'
import { newChallenge } from '../../../src/protocol/possession/index.ts'
import type { Transport, TransportRequest, TransportResponse } from '../../../src/transport/types.ts'
import { CURVES, type Purpose, type SetState } from '../../../src/types.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { keep, sharesFor, statusOf, type ServedOperation, type ServedSet } from './served.ts'
import {
  batchSessions,
  ecdsaSession,
  makingSessions,
  schnorrSession,
  setupSession,
  shareOn,
  type ServedSession,
  verifyProof,
} from './memory-sessions.ts'

/**
 * The server's side of the API with the real protocol sessions and without a database: what the client's tests run
 * against in every engine. It holds the custodian's shares too.
 */
export interface MemoryServer extends Transport {
  readonly sets: ReadonlyMap<string, ServedSet>
  /** Everything that was asked, as `POST /v1/…`. */
  readonly log: string[]
  /** What each operation asked for. */
  readonly requests: OperationRequest[]
}

export function memoryServer(random: RandomSource): MemoryServer {
  const sets = new Map<string, ServedSet>()
  const operations = new Map<string, ServedOperation>()
  const log: string[] = []
  const requests: OperationRequest[] = []

  const fail = (code: ConstructorParameters<typeof MpcError>[0], message: string): never => {
    throw new MpcError(code, message)
  }
  const requireSet = (setId: string): ServedSet => sets.get(setId) ?? fail('AUTH_FAILED', 'not authorized')
  const assertActive = (setId: string, purpose: Purpose): ServedSet => {
    const set = requireSet(setId)
    if (set.shares.purpose !== purpose) fail('SET_MISMATCH', 'wrong purpose')
    if (set.state === 'DESTROYED') fail(purpose === 'signing' ? 'SET_RETIRED' : 'BACKUP_SUPERSEDED', 'over')
    if (set.state === 'PREPARED' && purpose === 'signing') fail('OPERATION_IN_PROGRESS', 'not decided')
    return set
  }
  const requireOtState = ({ otState }: ServedSet): OtState => {
    if (otState === undefined) throw new ProtocolError('OT_DESYNC', 1, [], 'this set has no setup')
    return otState
  }

  function openSessions(operationId: string, request: OperationRequest): ServedSession[] {
    if (request.kind === 'generate' || request.kind === 'import')
      return makingSessions(operationId, request, undefined, random)
    const set = assertActive(request.setId, request.kind === 'recover' ? 'backup' : 'signing')
    switch (request.kind) {
      case 'prove':
        return []
      case 'setup':
        void set.otState?.secrets
        return makingSessions(operationId, request, undefined, random)
      case 'preprocess':
        return [ecdsaSession(request, set.shares, requireOtState(set), random)]
      case 'signAll':
        return batchSessions(operationId, request, set.shares, random, {
          ...(request.items.some(({ scheme }) => scheme === 'ecdsa') && { otState: requireOtState(set) }),
          preprocessed: request.preprocessings?.map((id) => preprocessedFor(set, id)),
        })
      case 'export':
        return fail('POLICY_DENIED', 'this server exports nothing')
      case 'sign':
        if (request.scheme !== 'ecdsa') return [schnorrSession(request, set.shares, random)]
        if (request.source.kind === 'ephemeralSetup') return [setupSession(operationId, request, random)]
        return [ecdsaSession(request, set.shares, requireOtState(set), random, completed(set, request))]
      default:
        return makingSessions(operationId, request, set.shares, random)
    }
  }

  function play(operation: ServedOperation, round: number, messages: readonly SessionMessage[]): SessionMessage[] {
    const { request } = operation
    if (request.kind === 'prove') return playProof(operation, round, messages)
    if (request.kind === 'sign' && request.scheme === 'ecdsa') {
      if (request.source.kind === 'ephemeralSetup' && round === 3) {
        const { shares } = assertActive(request.setId, 'signing')
        const otState = bindOtState(operation.setup!, shareOn(shares, 'secp256k1').record.setId)
        operation.sessions = [ecdsaSession(request, shares, otState, random)]
        return playSessions(operation, true, messages)
      }
    }
    // The server's sessions of a batch start when they have a message.
    return playSessions(operation, round === 1 && request.kind !== 'signAll', messages)
  }

  function playSessions(
    operation: ServedOperation,
    opening: boolean,
    messages: readonly SessionMessage[],
  ): SessionMessage[] {
    const out: SessionMessage[] = []
    const send = (sessionIndex: number, envelopes: readonly Uint8Array[]) => {
      for (const envelope of envelopes) out.push({ sessionIndex, envelope })
    }
    const reached = new Set<number>()
    for (const { sessionIndex, envelope } of messages) {
      operation.sessions[sessionIndex]!.receive(envelope)
      reached.add(sessionIndex)
    }
    if (opening) operation.sessions.forEach((session, sessionIndex) => send(sessionIndex, session.start().out))
    for (const sessionIndex of [...reached].sort((a, b) => a - b)) {
      const step = operation.sessions[sessionIndex]!.advance()
      send(sessionIndex, step.out)
      keep(operation, sessionIndex, step.prepared ?? step.done)
    }
    return out
  }

  /** Takes out what a signature completes, if it does. */
  function completed(set: ServedSet, { source }: SignEcdsaRequest): Preprocessed | undefined {
    return source.kind === 'preprocessing' ? preprocessedFor(set, source.id) : undefined
  }

  function preprocessedFor(set: ServedSet, id: string): Preprocessed {
    const preprocessed = set.preprocessings.get(id)
    set.preprocessings.delete(id)
    return preprocessed ?? fail('PREPROCESSING_NOT_FOUND', 'no such preprocessing')
  }

  function playProof(operation: ServedOperation, round: number, messages: readonly SessionMessage[]): SessionMessage[] {
    const request = operation.request as Extract<OperationRequest, { kind: 'prove' }>
    const { shares } = assertActive(request.setId, 'signing')
    return CURVES.flatMap((curve, sessionIndex): SessionMessage[] => {
      if (round === 1) {
        operation.challenges[sessionIndex] = newChallenge(
          random,
          concatBytes(fromHex(request.setId), Uint8Array.of(sessionIndex)),
        )
        return [{ sessionIndex, envelope: operation.challenges[sessionIndex] }]
      }
      verifyProof(
        shares,
        curve,
        operation.challenges[sessionIndex]!,
        messages.find((message) => message.sessionIndex === sessionIndex)!.envelope,
      )
      return []
    })
  }

  function addSet(operationId: string, operation: ServedOperation, target: Purpose, state: SetState): string {
    const { request, setup } = operation
    const shares = sharesFor(operation, target)
    const setId = toHex(shares.setId)
    const label = 'label' in request && target === 'signing' ? request.label : ''
    const makesSetup = target === 'signing' && setup !== undefined
    const otState = makesSetup ? bindOtState(setup, shareOn(shares, 'secp256k1').record.setId) : undefined
    const kept = { operationId, label, retires: retiredBy(request), preprocessings: new Map<string, Preprocessed>() }
    sets.set(setId, { ...kept, shares, state, proven: false, otState })
    return setId
  }

  function retiredBy(request: OperationRequest): string[] {
    if (request.kind === 'refresh') return [request.setId]
    if (request.kind !== 'recover' || request.existingSets === 'keep') return []
    return [...sets].filter(([, { shares }]) => shares.purpose === 'signing').map(([setId]) => setId)
  }

  function settle(operationId: string, operation: ServedOperation): OperationResult {
    const { request } = operation
    operation.decision = request.kind === 'recover' && request.dryRun ? 'ABORT' : 'COMMIT'
    switch (request.kind) {
      case 'generate':
      case 'import':
      case 'refresh':
        return { setId: addSet(operationId, operation, 'signing', 'ACTIVE'), state: 'ACTIVE' }
      case 'backup':
        return { setId: addSet(operationId, operation, 'backup', 'PREPARED'), state: 'PREPARED' }
      case 'recover': {
        if (request.dryRun) return { setId: toHex(sharesFor(operation, 'signing').setId), state: 'PREPARED' }
        const rotated = request.rotateBackup && addSet(operationId, operation, 'backup', 'PREPARED')
        const setId = addSet(operationId, operation, 'signing', 'ACTIVE')
        return { setId, state: 'ACTIVE', ...(rotated && { backupSetId: rotated }) }
      }
      case 'prove': {
        const set = assertActive(request.setId, 'signing')
        set.proven = true
        for (const setId of set.retires) requireSet(setId).state = 'DESTROYED'
        return { setId: request.setId, state: 'ACTIVE', retired: set.retires }
      }
      default:
        return use(operation, request.setId)
    }
  }

  function use({ request, setup, preprocessed }: ServedOperation, setId: string): OperationResult {
    const set = assertActive(setId, 'signing')
    if (request.kind === 'setup') {
      set.otState = bindOtState(setup!, shareOn(set.shares, 'secp256k1').record.setId)
      set.preprocessings.clear()
    }
    if (request.kind === 'preprocess') set.preprocessings.set(toHex(preprocessed!.id), preprocessed!)
    return { setId, state: 'ACTIVE' }
  }

  function handleRound(operationId: string, round: number, body: Uint8Array): Uint8Array {
    const roundBody = decodeRoundBody(body)
    if (round === 1 && !operations.has(operationId)) {
      const request = roundBody.header as OperationRequest
      requests.push(request)
      const sessions = openSessions(operationId, request)
      operations.set(operationId, { request, sessions, answers: new Map(), challenges: [], shares: [] })
    }
    const operation = operations.get(operationId) ?? fail('AUTH_FAILED', 'not authorized')
    const answered = operation.answers.get(round)
    if (answered !== undefined) {
      if (answered.request !== toHex(body)) fail('PROTOCOL_ABORTED', 'this round was played with another message')
      return answered.answer
    }
    if (operation.decision !== undefined) fail('PROTOCOL_ABORTED', 'the operation is over')
    const messages = play(operation, round, roundBody.messages)
    const header = round === operationRounds(operation.request) ? settle(operationId, operation) : {}
    const answer = encodeRoundBody({ header, messages })
    operation.answers.set(round, { request: toHex(body), answer })
    return answer
  }

  function answer({ path, body }: TransportRequest): Uint8Array | object {
    const [, , kind, id = '', verb, round] = path.split('/')
    if (kind === 'operations' && verb === 'rounds') return handleRound(id, Number(round), body!)
    if (kind === 'operations') {
      const operation = operations.get(id) ?? fail('AUTH_FAILED', 'not authorized')
      return { decision: (operation.decision ??= 'ABORT') }
    }
    if (kind === 'wallets') {
      const mine = [...sets].filter(([, { shares }]) => toHex(shares.walletId) === id)
      return mine.length === 0
        ? fail('AUTH_FAILED', 'not authorized')
        : { sets: mine.map(([setId]) => statusOf(setId, requireSet(setId))) }
    }
    const set = requireSet(id)
    if (verb === 'retire') set.state = 'DESTROYED'
    if (verb === 'confirm') set.state = 'ACTIVE'
    return statusOf(id, set)
  }

  return {
    sets,
    log,
    requests,
    async request(request): Promise<TransportResponse> {
      log.push(`${request.method} ${request.path}`)
      try {
        const body = answer(request)
        return { status: 200, body: body instanceof Uint8Array ? body : utf8(JSON.stringify(body)) }
      } catch (error) {
        if (!(error instanceof MpcError)) throw error
        return { status: errorStatus(error.code), body: utf8(JSON.stringify(errorBody(error))) }
      }
    },
  }
}
