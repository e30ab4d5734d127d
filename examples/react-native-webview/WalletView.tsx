// React Native has no crypto.getRandomValues of its own.
import 'react-native-get-random-values'
import { useMemo, useRef } from 'react'
import { StyleSheet } from 'react-native'
import { WebView } from 'react-native-webview'
import { remoteClient, type RemoteClient } from 'reshare/remote'
import { walletPage } from './wallet.generated.ts'
import { webViewPort } from './web-view-port.ts'

/** Where the page's data is kept: an origin that no other page in the app uses. Nothing is loaded from there. */
const ORIGIN = 'https://wallet.example'

interface Props {
  /** What your backend tells its user. */
  readonly config: { readonly url: string; readonly token: string }
  /** Receives the client once; its first action waits until the page runs. */
  readonly onClient: (client: RemoteClient) => void
}

/** The wallet's page, which nobody sees. */
export function WalletView({ config, onClient }: Props) {
  const view = useRef<WebView>(null)
  const port = useMemo(() => {
    const made = webViewPort((text) => view.current?.postMessage(text))
    onClient(remoteClient(made))
    return made
    // eslint-disable-next-line react-hooks/exhaustive-deps -- one page, one client
  }, [])
  return (
    <WebView
      ref={view}
      containerStyle={StyleSheet.absoluteFill}
      style={{ height: 0, opacity: 0 }}
      source={{ html: walletPage, baseUrl: ORIGIN }}
      originWhitelist={[ORIGIN]}
      injectedJavaScriptBeforeContentLoaded={`window.walletConfig = ${JSON.stringify(config)}; true`}
      // Nothing may take this page elsewhere.
      onShouldStartLoadWithRequest={({ url }) => url === 'about:blank' || url === `${ORIGIN}/`}
      onMessage={({ nativeEvent }) => port.receive(nativeEvent.data)}
      onContentProcessDidTerminate={() => port.close()}
      onRenderProcessGone={() => port.close()}
    />
  )
}
