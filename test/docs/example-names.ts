import type { BackupMethod, CloudKeyStorage } from 'reshare/backup'
import type { PartReceiver } from 'reshare/backup/some-of'
import type { DriveEmulator, EmulatedService } from 'reshare/emulators'
import type { Approval, Client, Curve, Wallet } from 'reshare'
import type { StandardIcon } from 'reshare/solana'
import type { ShareStore } from 'reshare/storage'
import type { KeyValueAdapter } from 'reshare/storage/key-value'
import type { DeviceLock } from 'reshare/storage/lock'
import type { FetchServer, Transport } from 'reshare/transport'
import type { Approve } from 'reshare/viem'
import type { ReshareTurn } from 'reshare/workers'

// What the examples of docstrings take from the app around them. They are only type-checked, so nothing has a value.

export declare const apiToken: string
export declare const approval: Approval
export declare const askTheUser: Approve
export declare const authorization: string
export declare const bar: { set(fraction: number): void }
export declare const button: HTMLButtonElement
export declare const cipherText: string
export declare const client: Client
export declare const clientId: string
export declare const container: string
export declare const curve: Curve
export declare const digest: Uint8Array
export declare const drive: DriveEmulator
export declare const guardianRecipients: readonly string[]
export declare const headers: () => Record<string, string>
export declare const laptop: Client
export declare const lostTablet: { readonly setId: string; readonly deviceId: string }
export declare const message: Uint8Array
export declare const method: BackupMethod
export declare function myDrive(place: string): CloudKeyStorage
export declare function myStore(place: string): ShareStore
export declare function myTransport(url: string): Transport
export declare function offerRecovery(walletId: string): void
export declare const nativeCloudKit: { fetchWebAuthToken(apiToken: string): Promise<string> }
export declare const oneTimeCode: string
export declare const partTexts: readonly string[]
export declare const privateKey: Uint8Array
export declare const psbt: Uint8Array
export declare function putOnMyServer(setId: string, cipherText: string): Promise<void>
export declare const secret: string
export declare const seed: Uint8Array
export declare function serve(handler: (request: Request) => Response | Promise<Response>): string
export declare const server: FetchServer
export declare const serverKey: Uint8Array
export declare const service: EmulatedService
export declare const session: string
export declare const setId: string
export declare const receiver: PartReceiver
export declare const scanned: string
export declare function show(...values: readonly unknown[]): void
export declare function showQrCode(code: string): void
export declare const storage: ShareStore
export declare const turns: readonly ReshareTurn[]
export declare const url: string
export declare function userAgrees(details: Approval['details']): Promise<boolean>
export declare const wallet: Wallet
export declare const walletId: string
export declare const AsyncStorage: KeyValueAdapter
export declare const icon: StandardIcon
export declare const identity: string
export declare const iframe: { readonly contentWindow: Window }
export declare const keychain: { get(name: string): Promise<Uint8Array> }
export declare function keychainBytes(name: string): Promise<Uint8Array>
export declare const lock: DeviceLock
export declare const next: string
export declare const old: string
export declare const PublicKey: new (bytes: Uint8Array) => object
export declare const store: ShareStore
export declare const userId: string
