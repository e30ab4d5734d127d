import { errorStatus } from '../../../src/api/errors.ts'
import { operationFlags } from '../../../src/api/flags.ts'
import { decodeFlight, encodeFlight, type Parcel } from '../../../src/api/flight.ts'
import { ROUNDS, type OperationRequest, type OperationResult, type SetStatus } from '../../../src/api/operations.ts'
import { operationSlots, setParties, WALLET_THRESHOLD } from '../../../src/api/slots.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError } from '../../../src/errors.ts'
import { createSigning } from '../../../src/protocol/frost/session.ts'
import { createKeygen } from '../../../src/protocol/keygen/index.ts'
import { newChallenge, verifyPossession } from '../../../src/protocol/possession/index.ts'
import { createReshare } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session.ts'
import { combineShares } from '../../../src/share/index.ts'
import type { KeyShare, WalletShares } from '../../../src/share/types.ts'
import type { Transport, TransportRequest, TransportResponse } from '../../../src/transport/types.ts'
import { CURVES, partyId, type Purpose, type SetState } from '../../../src/types.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'

type Made = { readonly share?: KeyShare; readonly signature?: Uint8Array }

interface ServedSet {
  readonly shares: WalletShares
  readonly operationId: string
  readonly label: string
  readonly retires: readonly string[]
  state: SetState
  proven: boolean
}

interface ServedOperation {
  readonly request: OperationRequest
  readonly sessions: readonly Session<Made>[]
  readonly answers: Map<number, { readonly request: string; readonly answer: Uint8Array }>
  readonly challenges: Uint8Array[]
  made: KeyShare[]
  decision?: 'COMMIT' | 'ABORT'
}

/**
 * The server's side of the API with the real protocol sessions and without a database: what the client's tests run
 * against in every engine. It holds the custodian's halves too.
 */
export interface MemoryServer extends Transport {
  readonly sets: ReadonlyMap<string, ServedSet>
  /** Everything that was asked, as `POST /v1/…`. */
  readonly log: string[]
}

export function memoryServer(random: RandomSource): MemoryServer {
  const sets = new Map<string, ServedSet>()
  const operations = new Map<string, ServedOperation>()
  const log: string[] = []

  const fail = (code: ConstructorParameters<typeof MpcError>[0], message: string): never => {
    throw new MpcError(code, message)
  }
  const requireSet = (setId: string): ServedSet => sets.get(setId) ?? fail('AUTH_FAILED', 'not authorized')
  const requireActive = (setId: string, purpose: Purpose): ServedSet => {
    const set = requireSet(setId)
    if (set.shares.purpose !== purpose) fail('SET_MISMATCH', 'wrong purpose')
    if (set.state === 'DESTROYED') fail(purpose === 'signing' ? 'SET_RETIRED' : 'BACKUP_SUPERSEDED', 'over')
    if (set.state === 'PREPARED' && purpose === 'signing') fail('OPERATION_IN_PROGRESS', 'not decided')
    return set
  }

  function openSessions(request: OperationRequest): Session<Made>[] {
    if (request.kind === 'prove') return []
    const slots = operationSlots(request)
    if (request.kind === 'generate') {
      const parties = setParties('signing')
      const common = { walletId: fromHex(request.walletId), purpose: 'signing', threshold: WALLET_THRESHOLD } as const
      return slots.map(({ curve }) =>
        wrapShare(createKeygen({ ...common, group: getGroup(curve), parties, self: partyId(2), random })),
      )
    }
    const { shares } = requireActive(request.setId, request.kind === 'recover' ? 'backup' : 'signing')
    const shareOn = (curve: (typeof CURVES)[number]) => shares.shares[CURVES.indexOf(curve)]!
    if (request.kind === 'sign') {
      const { scheme } = request
      const signers = [partyId(1), partyId(2)]
      return slots.map(({ curve }) => {
        const common = { scheme, group: getGroup(curve), share: shareOn(curve), signers, random }
        return createSigning({ ...common, aggregator: partyId(1), message: fromHex(request.message) })
      })
    }
    return slots.map(({ target, curve }) =>
      createReshare({
        group: getGroup(curve),
        old: shareOn(curve).record,
        purpose: target,
        threshold: WALLET_THRESHOLD,
        participants: setParties(target).map((receiver) => ({ dealer: receiver.id, receiver })),
        self: 2,
        flags: operationFlags(request),
        share: shareOn(curve),
        random,
      }),
    )
  }

  function play(operation: ServedOperation, round: number, parcels: readonly Parcel[]): Parcel[] {
    if (operation.request.kind === 'prove') return playProof(operation, round, parcels)
    const out: Parcel[] = []
    if (round === 1) {
      operation.sessions.forEach((session, slot) => {
        for (const envelope of session.start().out) out.push({ slot, envelope })
      })
    }
    for (const { slot, envelope } of parcels) operation.sessions[slot]!.receive(envelope)
    operation.sessions.forEach((session, slot) => {
      const step = session.advance()
      for (const envelope of step.out) out.push({ slot, envelope })
      const share = (step.prepared ?? step.done)?.share
      if (share !== undefined) operation.made[slot] = share
    })
    return out
  }

  function playProof(operation: ServedOperation, round: number, parcels: readonly Parcel[]): Parcel[] {
    const request = operation.request as Extract<OperationRequest, { kind: 'prove' }>
    const { shares } = requireActive(request.setId, 'signing')
    return CURVES.flatMap((curve, slot): Parcel[] => {
      if (round === 1) {
        operation.challenges[slot] = newChallenge(random)
        return [{ slot, envelope: operation.challenges[slot] }]
      }
      verifyPossession({
        group: getGroup(curve),
        record: shares.shares[slot]!.record,
        prover: partyId(1),
        verifier: partyId(2),
        nonce: operation.challenges[slot]!,
        proof: parcels.find((parcel) => parcel.slot === slot)!.envelope,
      })
      return []
    })
  }

  function addSet(operationId: string, { request, made }: ServedOperation, target: Purpose, state: SetState): string {
    const slots = operationSlots(request)
    const shares = combineShares(made.filter((_, slot) => slots[slot]!.target === target))
    const setId = toHex(shares.setId)
    const label = 'label' in request && target === 'signing' ? request.label : ''
    sets.set(setId, { shares, operationId, label, retires: retiredBy(request), state, proven: false })
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
      case 'refresh':
        return { setId: addSet(operationId, operation, 'signing', 'ACTIVE'), state: 'ACTIVE' }
      case 'backup':
        return { setId: addSet(operationId, operation, 'backup', 'PREPARED'), state: 'PREPARED' }
      case 'recover': {
        if (request.dryRun) {
          const slots = operationSlots(request)
          const signing = operation.made.filter((_, slot) => slots[slot]!.target === 'signing')
          return { setId: toHex(combineShares(signing).setId), state: 'PREPARED' }
        }
        const rotated = request.rotateBackup && addSet(operationId, operation, 'backup', 'PREPARED')
        const setId = addSet(operationId, operation, 'signing', 'ACTIVE')
        return { setId, state: 'ACTIVE', ...(rotated && { backupSetId: rotated }) }
      }
      case 'sign':
        requireActive(request.setId, 'signing')
        return { setId: request.setId, state: 'ACTIVE' }
      case 'prove': {
        const set = requireActive(request.setId, 'signing')
        set.proven = true
        for (const setId of set.retires) requireSet(setId).state = 'DESTROYED'
        return { setId: request.setId, state: 'ACTIVE', retired: set.retires }
      }
    }
  }

  function playRound(operationId: string, round: number, body: Uint8Array): Uint8Array {
    const flight = decodeFlight(body)
    if (round === 1 && !operations.has(operationId)) {
      const request = flight.header as OperationRequest
      const sessions = openSessions(request)
      operations.set(operationId, { request, sessions, answers: new Map(), challenges: [], made: [] })
    }
    const operation = operations.get(operationId) ?? fail('AUTH_FAILED', 'not authorized')
    const answered = operation.answers.get(round)
    if (answered !== undefined) {
      if (answered.request !== toHex(body)) fail('PROTOCOL_ABORTED', 'this round was played with another message')
      return answered.answer
    }
    if (operation.decision !== undefined) fail('PROTOCOL_ABORTED', 'the operation is over')
    const parcels = play(operation, round, flight.parcels)
    const header = round === ROUNDS[operation.request.kind] ? settle(operationId, operation) : {}
    const answer = encodeFlight({ header, parcels })
    operation.answers.set(round, { request: toHex(body), answer })
    return answer
  }

  function status(setId: string): SetStatus {
    const { shares, label, state, proven } = requireSet(setId)
    return {
      setId,
      walletId: toHex(shares.walletId),
      purpose: shares.purpose,
      state,
      label,
      backupMethod: shares.purpose === 'backup' ? 'PASSWORD' : null,
      createdAt: '2026-01-01T00:00:00.000Z',
      lastUsedAt: null,
      proven,
    }
  }

  function answer({ path, body }: TransportRequest): Uint8Array | object {
    const [, , kind, id = '', verb, round] = path.split('/')
    if (kind === 'operations' && verb === 'rounds') return playRound(id, Number(round), body!)
    if (kind === 'operations') {
      const operation = operations.get(id) ?? fail('AUTH_FAILED', 'not authorized')
      return { decision: (operation.decision ??= 'ABORT') }
    }
    if (kind === 'wallets') {
      const mine = [...sets].filter(([, { shares }]) => toHex(shares.walletId) === id)
      return mine.length === 0 ? fail('AUTH_FAILED', 'not authorized') : { sets: mine.map(([setId]) => status(setId)) }
    }
    const set = requireSet(id)
    if (verb === 'retire') set.state = 'DESTROYED'
    if (verb === 'confirm') set.state = 'ACTIVE'
    return status(id)
  }

  return {
    sets,
    log,
    async request(request): Promise<TransportResponse> {
      log.push(`${request.method} ${request.path}`)
      try {
        const body = answer(request)
        return { status: 200, body: body instanceof Uint8Array ? body : utf8(JSON.stringify(body)) }
      } catch (error) {
        if (!(error instanceof MpcError)) throw error
        const body = utf8(JSON.stringify({ error: { id: error.code, message: error.message } }))
        return { status: errorStatus(error.code), body }
      }
    },
  }
}

/** A session whose result is under `share`, as a reshare's is. */
function wrapShare(session: Session<KeyShare>): Session<Made> {
  return {
    ...session,
    start: () => wrapStep(session.start()),
    advance: () => wrapStep(session.advance()),
    receive: (envelope) => session.receive(envelope),
    export: () => session.export(),
    dispose: () => session.dispose(),
  }
}

function wrapStep({ out, prepared, done }: ReturnType<Session<KeyShare>['advance']>) {
  return { out, ...(prepared && { prepared: { share: prepared } }), ...(done && { done: { share: done } }) }
}
