import type { Group, KeyShare, OtState, RandomSource } from 'reshare/protocol'

// What the examples of protocols and curves take from around them, where ids are bytes.

export declare const group: Group
export declare const message: Uint8Array
export declare const operationId: Uint8Array
export declare const otState: OtState
export declare const random: RandomSource
export declare function send(envelopes: readonly Uint8Array[]): void
export declare const share: KeyShare
export declare const walletId: Uint8Array
