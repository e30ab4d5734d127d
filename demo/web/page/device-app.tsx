import { useMemo, useState } from 'preact/hooks'
import { agreeingKeys } from './agree/agreeing-keys.ts'
import { AgreeDialog } from './parts/agree-dialog.tsx'
import { Navigation, type ScreenName } from './parts/navigation.tsx'
import { ApprovalsCard } from './screens/approvals-card.tsx'
import { BackupScreen } from './screens/backup-screen.tsx'
import { DevicesScreen } from './screens/devices-screen.tsx'
import { SafetyScreen } from './screens/safety-screen.tsx'
import { SignScreen } from './screens/sign-screen.tsx'
import { WalletScreen } from './screens/wallet-screen.tsx'
import { WelcomeScreen } from './screens/welcome-screen.tsx'
import { SignedOutScreen } from './screens/signed-out-screen.tsx'
import { DeviceContext, type DeviceState } from './state/device-context.ts'
import { useAgreement } from './state/use-agreement.ts'
import { endsThisDevice } from './words/errors.ts'
import type { StoredWallet, WalletClient } from './wallet-client.ts'

const SCREENS = {
  wallet: WalletScreen,
  sign: SignScreen,
  backup: BackupScreen,
  devices: DevicesScreen,
  safety: SafetyScreen,
} satisfies Record<ScreenName, unknown>

/** One device: its name, the screen that is open, and the way to the others. */
export function DeviceApp({ client, stored }: { readonly client: WalletClient; readonly stored: StoredWallet }) {
  const [wallet, setWallet] = useState(stored.wallet)
  const [ended, setEnded] = useState<unknown>(endsThisDevice(stored.problem) ? stored.problem : undefined)
  const [screen, setScreen] = useState<ScreenName>('wallet')
  const { question, agree } = useAgreement()
  const keys = useMemo(() => agreeingKeys(client.keys, agree), [client, agree])
  const { device } = client.configuration
  const Screen = SCREENS[screen]

  const state: DeviceState = {
    client,
    keys,
    openWallet(opened) {
      setWallet(opened)
      setScreen('wallet')
    },
    noticeError(error) {
      if (endsThisDevice(error)) setEnded(error)
    },
  }

  return (
    <DeviceContext.Provider value={state}>
      <header class="device-header">
        <h1>{device}</h1>
        <p>Signed in as Alice</p>
      </header>
      <main class="device-main">
        {ended !== undefined ? (
          <SignedOutScreen error={ended} walletId={wallet?.id} />
        ) : wallet ? (
          <>
            {/* To ask the server, a locked device needs its user: it asks on the screen with the devices alone. */}
            {!client.isLocked && <ApprovalsCard />}
            <Screen wallet={wallet} />
          </>
        ) : (
          <WelcomeScreen problem={stored.problem} />
        )}
      </main>
      {question && (
        <AgreeDialog
          key={question.id}
          signatures={question.signatures}
          onAgree={question.agree}
          onRefuse={question.refuse}
        />
      )}
      {wallet && ended === undefined && <Navigation screen={screen} onOpen={setScreen} />}
    </DeviceContext.Provider>
  )
}
