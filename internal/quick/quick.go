// Package quick reads what nearly every verification request looks like: known names,
// once each, and plain ASCII texts. It gives up at anything else, which the library of
// JSON then reads; what it does read, that library reads alike. A fuzz test holds it to
// that. Reading a request took the library a quarter of the time of a verification.
package quick

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// scanner is a place in a body.
type scanner struct {
	s  string
	at int
}

// Verify reads a request into in, or answers false and leaves rubbish there.
// in.Scopes and client lend their memory.
func Verify(body []byte, in *api.VerifyRequest, client *api.Client) bool {
	p := scanner{s: string(body)}
	return p.request(in, client) && p.end()
}

func (p *scanner) request(in *api.VerifyRequest, client *api.Client) bool {
	var seen once
	known := p.members(func(name string) bool {
		switch name {
		case "token":
			return seen.first(1<<0) && p.text(&in.Token)
		case "scopes":
			return seen.first(1<<1) && p.list(&in.Scopes)
		case "resource":
			return seen.first(1<<2) && p.text(&in.Resource)
		case "workspace":
			return seen.first(1<<3) && p.text(&in.Workspace) && in.Workspace != ""
		case "peek":
			return seen.first(1<<4) && p.flag(&in.Peek)
		case "client":
			in.Client = client
			return seen.first(1<<5) && p.client(client)
		}
		return false
	})
	return known && seen&1 != 0 // without a token there is no question
}

func (p *scanner) client(c *api.Client) bool {
	var seen once
	return p.members(func(name string) bool {
		switch name {
		case "ip":
			return seen.first(1<<0) && p.text(&c.IP)
		case "method":
			return seen.first(1<<1) && p.text(&c.Method)
		case "path":
			return seen.first(1<<2) && p.text(&c.Path)
		case "user_agent":
			return seen.first(1<<3) && p.text(&c.UserAgent)
		}
		return false
	})
}

// once remembers which names were there.
type once uint8

func (o *once) first(bit once) bool {
	was := *o
	*o |= bit
	return was&bit == 0
}

// members reads an object, and has each of its values read by name.
func (p *scanner) members(value func(name string) bool) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	for {
		var name string
		if !p.text(&name) || !p.take(':') || !value(name) {
			return false
		}
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *scanner) list(to *[]string) bool {
	*to = (*to)[:0]
	if !p.take('[') {
		return false
	}
	if p.take(']') {
		return true
	}
	for {
		var s string
		if !p.text(&s) {
			return false
		}
		*to = append(*to, s)
		if p.take(']') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// text reads a string of printable ASCII without escapes.
func (p *scanner) text(to *string) bool {
	if !p.take('"') {
		return false
	}
	for from := p.at; p.at < len(p.s); p.at++ {
		switch c := p.s[p.at]; {
		case c == '"':
			*to = p.s[from:p.at]
			p.at++
			return true
		case c < ' ' || c > '~' || c == '\\':
			return false
		}
	}
	return false
}

func (p *scanner) flag(to *bool) bool {
	p.space()
	*to = strings.HasPrefix(p.s[p.at:], "true")
	switch {
	case *to:
		p.at += len("true")
	case strings.HasPrefix(p.s[p.at:], "false"):
		p.at += len("false")
	default:
		return false
	}
	return true
}

// take goes over white space and then c, if that is there.
func (p *scanner) take(c byte) bool {
	p.space()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *scanner) end() bool {
	p.space()
	return p.at == len(p.s)
}

func (p *scanner) space() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\n' || p.s[p.at] == '\t' || p.s[p.at] == '\r') {
		p.at++
	}
}
