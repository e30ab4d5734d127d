import * as reshare from '../../../src/index.ts'
import { serveClient, visibleClick, windowPort, type ApprovalRequest } from '../../../src/remote/serve.ts'
import { indexedDbStore, memoryStore } from '../../../src/storage/index.ts'
import { httpTransport } from '../../../src/transport/index.ts'

// The page of an iframe: its address says which server, which user, which app may embed it, and how it approves.
const { url, token, app, approval, store } = Object.fromEntries(new URLSearchParams(location.search)) as Record<
  'url' | 'token' | 'app' | 'approval' | 'store',
  string
>
const headers = () => ({ authorization: `Bearer ${token}` })
const storage = store === 'memory' ? memoryStore() : indexedDbStore(store)
const client = reshare.createClient({ transport: httpTransport(url, { headers }), storage })

async function ask({ action, origin, signal }: ApprovalRequest): Promise<boolean> {
  if (approval !== 'click') return approval === 'yes'
  const dialog = document.createElement('section')
  dialog.style.cssText = 'position: absolute; top: 0; left: 0; width: 280px; height: 140px'
  const button = document.createElement('button')
  button.id = 'yes'
  button.textContent = `${action} for ${origin}`
  button.style.cssText = 'width: 200px; height: 60px; display: block; margin: 20px'
  dialog.append(button, document.createElement('button'), 'What the user reads')
  document.body.replaceChildren(dialog)
  try {
    const { wasUncovered } = await visibleClick(button, { signal, visibleMs: 300 })
    document.title = String(wasUncovered)
    return true
  } finally {
    dialog.remove()
  }
}

serveClient(client, windowPort({ window: parent, origin: app }), { actions: reshare, approve: ask })
