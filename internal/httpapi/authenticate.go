package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// authenticate establishes the caller by the token in the Authorization header.
func (c *call) authenticate() error {
	presented, err := bearer(c.r.Header)
	if err != nil {
		return err
	}
	if err := c.present(presented); err != nil {
		return err
	}
	c.caller.ActAs, err = actAs(c.r.Header)
	return err
}

// present establishes the caller by its token. It consumes nothing of the token's
// limits. The first use of a secret that waits for it is committed before anything
// is answered.
func (c *call) present(presented string) error {
	addr, _ := c.origin()
	c.asked = verify.Request{Token: presented, Addr: addr, Caller: true}
	if err := c.knock(); err != nil {
		return err
	}
	if c.known.Tracked {
		if err := c.s.authority.FirstUse(c.ctx, presented); err != nil {
			return err
		}
	}
	c.caller = c.stranger()
	c.caller.Token, c.caller.Secret, c.caller.Home = c.known.Locator, c.known.SecretNumber, c.known.Workspace.ID
	return nil
}

// from is where the call comes from.
func (c *call) from() door.Client {
	addr, _ := c.origin()
	return door.ClientAt(addr, c.r, c.id)
}

// stranger is a caller who shows nothing, for calls that take what they are given
// and ask of nobody who it is.
func (c *call) stranger() authority.Caller {
	from := c.from()
	return authority.Caller{Addr: from.Addr, Agent: from.Agent, RequestID: from.RequestID, Call: c.route.called}
}

// knock asks the engine about the token that the caller presents, and tells of it:
// of one call once that it was let in.
func (c *call) knock() error {
	was := c.known.Code
	c.asked.Peek, c.knocked = true, c.s.engine.Revision()
	if err := c.s.engine.Verify(c.ctx, &c.asked, &c.known); err != nil {
		return err
	}
	c.asked.Peek = false // it consumes nothing, and is a use
	if was == api.CodeOK && c.known.Allowed() {
		return nil
	}
	c.tell(Use{Door: DoorAPI, Request: &c.asked, Decision: &c.known, Agent: c.r.UserAgent(), Method: c.r.Method, Path: c.r.URL.Path})
	switch {
	case c.known.Allowed():
		return nil
	case token.IsDerived(c.asked.Token): // which the string itself says
		return api.Errorf(api.CodeInvalidToken, "a derived token opens nothing of Tokenry itself; present the token that it was derived from")
	}
	return refused(&c.known, nil)
}

// knockAgain looks at the caller once more where nothing behind this door does,
// unless that was a moment ago and nothing changed since: the body may have come
// as late as its sender liked.
func (c *call) knockAgain() error {
	const moment = time.Second
	if c.knocked == c.s.engine.Revision() && c.s.now().Sub(c.start) < moment {
		return nil
	}
	return c.knock()
}

// turnedAway answers the gate's refusal of a caller whom this door let in before as
// the door would now: with the same words and headers, and written down alike.
func (c *call) turnedAway(err error) error {
	if !errors.Is(err, authority.ErrNotAccepted) || c.asked.Token == "" {
		return err
	}
	if now := c.knock(); now != nil && !errors.Is(now, api.CodeUnavailable) {
		return now
	}
	return err
}

// bearer returns the token of the one Authorization header. Its text is not
// changed in any way.
func bearer(h http.Header) (string, error) {
	lines := h["Authorization"]
	if len(lines) > 1 {
		return "", badCredentials("send one Authorization header")
	}
	if len(lines) == 0 {
		return "", missingToken()
	}
	scheme, presented, _ := strings.Cut(lines[0], " ")
	presented = strings.TrimLeft(presented, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"), presented == "":
		return "", missingToken()
	case strings.ContainsAny(presented, ", \t"):
		return "", badCredentials("send one token, and nothing behind it")
	}
	return presented, nil
}

func missingToken() *api.Error {
	return api.Errorf(api.CodeMissingToken, "send the header Authorization: Bearer with a token")
}

func badCredentials(problem string) *api.Error {
	e := api.Errorf(api.CodeInvalidRequest, "%s", problem)
	e.Field = fieldAuthorization
	return e
}

const (
	headerActAs = door.HeaderActAs
	maxActAs    = 320 // an e-mail, or ext: and an external id
)

// actAs returns the member that the caller wants to be judged as.
func actAs(h http.Header) (string, error) {
	lines := h[headerActAs]
	if len(lines) == 0 {
		return "", nil
	}
	if len(lines) > 1 || lines[0] == "" || len(lines[0]) > maxActAs || !utf8.ValidString(lines[0]) {
		e := api.Errorf(api.CodeInvalidRequest, "Tokenry-Act-As names one member: an e-mail, an id or ext:ID")
		e.Field = "tokenry_act_as"
		return "", e
	}
	return lines[0], nil
}
