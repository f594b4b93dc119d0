package terminal_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/terminal"
)

func TestUse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]terminal.Use{
		"mcp":                              {MCP: true},
		"mcp=http://127.0.0.1:3000/mcp":    {MCP: true, Server: "http://127.0.0.1:3000/mcp"},
		"mcp=https://mcp.acme.example/a=b": {MCP: true, Server: "https://mcp.acme.example/a=b"},
	} {
		var got terminal.Use
		if err := got.Set(in); err != nil || got != want || got.String() != in {
			t.Errorf("%s is %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "mpc", "mcp=", "mcp=mcp.acme.example", "mcp=ftp://a/", "mcp=https://ada:secret@a/", "MCP"} {
		if err := new(terminal.Use).Set(in); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
}
