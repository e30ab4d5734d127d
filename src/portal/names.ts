import type { Status } from '../index.ts'
import type { BackupMethodName } from '../types.ts'

/** The backup methods by the names that Portal's SDKs give them. */
export const BackupMethods = {
  /** `PASSWORD` */
  Password: 'PASSWORD',
  /** `PASSWORD` */
  password: 'PASSWORD',
  /** `PASSKEY` */
  Passkey: 'PASSKEY',
  /** `PASSKEY` */
  passkey: 'PASSKEY',
  /** `GDRIVE` */
  GoogleDrive: 'GDRIVE',
  /** `GDRIVE` */
  gdrive: 'GDRIVE',
  /** `ICLOUD` */
  iCloud: 'ICLOUD',
  /** `ICLOUD` */
  icloud: 'ICLOUD',
  /** `CUSTOM` */
  Custom: 'CUSTOM',
  /** `CUSTOM` */
  custom: 'CUSTOM',
} as const satisfies Readonly<Record<string, BackupMethodName>>

/** The statuses of a progress callback. */
export const MpcStatuses = {
  /** `Reading share` */
  readingShare: 'Reading share',
  /** `Decrypting share` */
  decryptingShare: 'Decrypting share',
  /** `Parsing share` */
  parsingShare: 'Parsing share',
  /** `Recovering signing share` */
  recoveringSigningShare: 'Recovering signing share',
  /** `Generating share` */
  generatingShare: 'Generating share',
  /** `Encrypting share` */
  encryptingShare: 'Encrypting share',
  /** `Storing share` */
  storingShare: 'Storing share',
  /** `Done` */
  done: 'Done',
} as const satisfies Readonly<Record<string, Status>>
