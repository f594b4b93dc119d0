package terminal

import (
	"errors"
	"net/url"
	"strings"
)

// Use is what a new token is for, as --for takes it: mcp, or mcp=URL of the server that
// its program talks to. The zero value is any program.
type Use struct {
	// MCP says that the program is a client of an MCP server, and Server where that is
	// when it was told.
	MCP    bool
	Server string
}

// Set reads it. What stands in the address would be printed and kept in a file, so a
// password in it is refused.
func (u *Use) Set(s string) error {
	kind, server, told := strings.Cut(s, "=")
	if kind != "mcp" {
		return errors.New("want mcp, or mcp=URL of the MCP server")
	}
	if told {
		at, err := url.Parse(server)
		if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil {
			return errors.New("want the address of the MCP server behind mcp=, like https://mcp.example.com/mcp")
		}
	}
	u.MCP, u.Server = true, server
	return nil
}

func (u *Use) String() string {
	switch {
	case u.Server != "":
		return "mcp=" + u.Server
	case u.MCP:
		return "mcp"
	}
	return ""
}

// Type is what the help calls it.
func (*Use) Type() string { return "use" }
