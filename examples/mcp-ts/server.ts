// An MCP server whose callers show tokens of Tokenry, with the official TypeScript SDK
// (docs/mcp.md). TOKENRY_SERVER and TOKENRY_TOKEN say whom it asks about them; that token
// needs tokens:verify.
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type NextFunction, type Request, type Response } from 'express'
import { Client, express as decide, type VerifyResult } from 'tokenry'
import { z } from 'zod'

const c = new Client(process.env.TOKENRY_SERVER!, process.env.TOKENRY_TOKEN!)
const tickets: string[] = []
const text = (t: string, isError = false) => ({ content: [{ type: 'text' as const, text: t }], isError })

// The decision, as the SDK wants it. It takes no token without an end, and that of the
// token is checked by Tokenry at each request: so this holds for the request at hand.
function authInfo(token: string, decision?: VerifyResult): AuthInfo {
  if (!decision?.token) throw new InvalidTokenError('Token is not accepted')
  return { token, clientId: decision.token.id, scopes: decision.scopes ?? [], expiresAt: Math.floor(Date.now() / 1000) + 60 }
}

// The SDK's middleware knows no 429 and no 503, so Tokenry's has answered before it.
function bearer(req: Request & { tokenry?: VerifyResult }, res: Response, next: NextFunction) {
  const verifier = { verifyAccessToken: async (token: string) => authInfo(token, req.tokenry) }
  return requireBearerAuth({ verifier })(req, res, next)
}

// What a tool needs besides is asked of Tokenry, and not looked for in a list: tickets:*
// holds it too. What it answers becomes the tool's error, which the model reads; it costs
// the token's rate limit nothing.
async function refusal(info: AuthInfo | undefined, scope: string): Promise<string | undefined> {
  if (!info) return 'there is no token'
  try {
    const v = await c.verify(info.token, { scopes: [scope], cost: 0 }, { within: 3000 })
    return v.allowed ? undefined : `${v.code}: ${v.detail ?? scope}`
  } catch {
    return 'the token cannot be verified now'
  }
}

// One for each request: nothing is kept that a second token could reach.
function server(): McpServer {
  const s = new McpServer({ name: 'tickets', version: '1' })
  s.registerTool('list_tickets', { description: 'List all tickets' }, async () => text(JSON.stringify({ tickets })))
  s.registerTool('open_ticket', { description: 'Open a ticket', inputSchema: { title: z.string() } }, async ({ title }, { authInfo }) => {
    const refused = await refusal(authInfo, 'tickets:write')
    if (refused) return text(refused, true)
    tickets.push(title)
    return text(JSON.stringify({ tickets }))
  })
  return s
}

const app = express()
app.use('/mcp', decide(c, { scopes: ['tickets:read'] }), bearer)
app.post('/mcp', express.json({ limit: '1mb' }), async (req, res) => {
  const s = server()
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  res.on('close', () => void s.close())
  await s.connect(transport)
  await transport.handleRequest(req, res, req.body)
})
app.all('/mcp', (_, res) => void res.status(405).set('Allow', 'POST').end())
const [, host, port] = /^(.*):(\d+)$/.exec(process.env.LISTEN ?? '127.0.0.1:3000')!
app.listen(Number(port), host)
