// The page, with wagmi's hooks as with any other wallet.
import { useState, type FormEvent } from 'react'
import { isMpcError } from 'reshare'
import { isAddress, parseEther } from 'viem'
import {
  useConfig,
  useConnect,
  useConnection,
  useConnectors,
  useDisconnect,
  useSendTransaction,
  useSignMessage,
} from 'wagmi'
import { waitForTransactionReceipt } from 'wagmi/actions'

export function App() {
  const config = useConfig()
  const { address } = useConnection()
  const [connector] = useConnectors()
  const connect = useConnect()
  const disconnect = useDisconnect()
  const signMessage = useSignMessage()
  const sendTransaction = useSendTransaction()
  const [output, setOutput] = useState('')

  /** Shows what an action says, or why it failed. */
  async function show(action: () => Promise<string>): Promise<void> {
    setOutput('working')
    setOutput(await action().catch(reasonOf))
  }

  async function connectWallet(): Promise<string> {
    if (connector === undefined) throw new Error('there is no connector')
    const { accounts } = await connect.mutateAsync({ connector })
    return `connected ${accounts[0]}`
  }

  async function sign(fields: FormData): Promise<string> {
    return `signed ${await signMessage.mutateAsync({ message: textOf(fields, 'text') })}`
  }

  async function send(fields: FormData): Promise<string> {
    const to = textOf(fields, 'to')
    if (!isAddress(to)) throw new Error('this is not an address')
    const hash = await sendTransaction.mutateAsync({ to, value: parseEther(textOf(fields, 'ether')) })
    const { status } = await waitForTransactionReceipt(config, { hash })
    return status === 'success' ? `sent ${hash}` : `failed ${hash}`
  }

  const onSubmit = (action: (fields: FormData) => Promise<string>) => (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    void show(() => action(fields))
  }

  return (
    <main>
      <h1>A wallet for wagmi</h1>
      {address === undefined ? (
        <button onClick={() => void show(connectWallet)}>Connect</button>
      ) : (
        <>
          <p id="address">{address}</p>
          <button onClick={() => void show(async () => (await disconnect.mutateAsync(), 'disconnected'))}>
            Disconnect
          </button>
          <form id="sign" onSubmit={onSubmit(sign)}>
            <label>
              Text <input name="text" defaultValue="hello" required />
            </label>
            <button>Sign</button>
          </form>
          <form id="send" onSubmit={onSubmit(send)}>
            <label>
              To <input name="to" required />
            </label>
            <label>
              Ether <input name="ether" defaultValue="0.5" required />
            </label>
            <button>Send</button>
          </form>
        </>
      )}
      <output id="output">{output}</output>
    </main>
  )
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}

function reasonOf(error: unknown): string {
  if (isMpcError(error)) return `${error.code}: ${error.message}`
  // The first line of viem's errors is for the user, the rest for the developer.
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
