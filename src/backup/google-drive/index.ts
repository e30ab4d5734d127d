export type { CloudKeyCallOptions, CloudKeyStorage } from '../methods/cloud-storage.ts'
export { googleDrive, type GoogleDriveOptions } from './google-drive.ts'
export { googleIdentityToken, type GoogleIdentityOptions } from './identity-token.ts'
export type { GetToken } from './requests.ts'
