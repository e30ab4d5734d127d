export { inviteDevice, type InvitedDevice, type InviteDeviceParameters } from './client/actions/invite-device.ts'
export { joinWallet, type JoiningDevice, type JoinWalletParameters } from './client/actions/join-wallet.ts'
export { readJoinCode, type JoinCodeContent } from './client/actions/read-join-code.ts'
