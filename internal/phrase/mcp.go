package phrase

import (
	"bytes"
	"encoding/json"
)

// ExampleMCP is where an MCP server is, as long as nobody has said.
const ExampleMCP = "https://mcp.example.com/mcp"

// MCPClients show how clients of an MCP server present the token, without it: the file
// that each reads names a variable, or asks. They agree on little but the headers.
func MCPClients(server string) []Snippet {
	remote := func(secret string) map[string]any {
		return map[string]any{"type": "http", "url": server, "headers": map[string]string{"Authorization": "Bearer " + secret}}
	}
	named := func(v any) map[string]any { return map[string]any{"my-server": v} }
	return []Snippet{
		{Title: "MCP: Claude Code, .mcp.json", Text: indented(map[string]any{"mcpServers": named(remote("${" + EnvName + "}"))})},
		{Title: "MCP: Cursor, .cursor/mcp.json", Text: indented(map[string]any{"mcpServers": named(remote("${env:" + EnvName + "}"))})},
		{Title: "MCP: VS Code, .vscode/mcp.json", Text: indented(map[string]any{
			"servers": named(remote("${input:" + EnvName + "}")),
			"inputs":  []any{map[string]any{"type": "promptString", "id": EnvName, "description": "Token", "password": true}},
		})},
	}
}

// indented is a value as JSON for people, who read < and & as they are.
func indented(v any) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // maps, lists and texts
	return string(bytes.TrimRight(out.Bytes(), "\n"))
}
