// The custodian's routes: the signing server calls some of them, by the webhook's secret, and the browser others.
import { custodian } from '../../../backend/custodian'

export const dynamic = 'force-dynamic'

function handle(request: Request): Promise<Response> {
  const url = request.url.replace('/custodian/', '/')
  return custodian().fetch(new Request(url, request))
}

export { handle as GET, handle as POST, handle as PUT }
