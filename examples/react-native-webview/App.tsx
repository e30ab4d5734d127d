import { useRef, useState } from 'react'
import { Button, SafeAreaView, Text, TextInput } from 'react-native'
import { backupWallet, generateWallet, listWallets, sign, type RemoteClient } from 'reshare/remote'
import { WalletView } from './WalletView.tsx'

/** Your backend tells its user where the signing server is, and gives a token. */
const config = { url: 'https://mpc.example', token: '' }

const bytesOf = (text: string) => Uint8Array.from(unescape(encodeURIComponent(text)), (one) => one.charCodeAt(0))

export default function App() {
  const client = useRef<RemoteClient>(null)
  const [output, setOutput] = useState('')
  const [password, setPassword] = useState('')

  const run = (work: (client: RemoteClient) => Promise<string>) => async () => {
    if (client.current === null) return
    setOutput('working')
    setOutput(await work(client.current).catch((error: Error & { code?: string }) => `${error.code} ${error.message}`))
  }
  const onlyWallet = async (from: RemoteClient) => {
    const [wallet] = await listWallets(from)
    if (wallet === undefined) throw new Error('there is no wallet on this device yet')
    return wallet.id
  }

  return (
    <SafeAreaView>
      <WalletView config={config} onClient={(made) => (client.current = made)} />
      <Button title="Create a wallet" onPress={run(async (from) => (await generateWallet(from)).id)} />
      <TextInput value={password} onChangeText={setPassword} secureTextEntry placeholder="Password" />
      <Button
        title="Back up"
        onPress={run(async (from) => {
          const method = { type: 'password', password }
          const backup = await backupWallet(from, { walletId: await onlyWallet(from), method })
          // Here backup.cipherText goes to your backend.
          await backup.confirm()
          return 'backed up'
        })}
      />
      <Button
        title="Sign"
        onPress={run(async (from) => {
          const walletId = await onlyWallet(from)
          const { signature } = await sign(from, { walletId, scheme: 'ed25519', message: bytesOf('hello') })
          return `signed: ${signature.length} bytes`
        })}
      />
      <Text>{output}</Text>
    </SafeAreaView>
  )
}
