package httpapi

import (
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// revokePresented ends the token whose secret is presented (RFC 7009). It answers
// when that is committed.
func (c *call) revokePresented() (answer, error) {
	f, err := c.readForm()
	if err != nil {
		return answer{}, err
	}
	secret, err := c.clientSecret(f)
	if err != nil {
		return answer{}, err
	}
	presented, err := f.subject()
	if err != nil {
		return answer{}, err
	}
	c.caller = c.stranger()
	addr := c.caller.Addr
	if secret != "" && secret != presented { // a token that is its own client is held, and no more
		if err := c.present(secret); err != nil {
			return answer{}, err
		}
	}
	c.question = question{Request: verify.Request{Token: presented, Addr: addr, Peek: true}}
	revision, err := c.endPresented()
	return answer{raw: []byte{}, changed: true, revision: revision}, err
}

// endPresented looks first whether there is anything to end, from memory: a flood
// of garbage takes no lock.
func (c *call) endPresented() (int64, error) {
	q, d := &c.question.Request, &c.decision
	if err := c.s.engine.Verify(c.ctx, q, d); err != nil {
		return 0, err
	}
	retired := d.Code == api.CodeRetired
	q.Peek = !retired // a retired secret that turns up is told of like anywhere else
	c.tell(Use{Door: DoorRevoke, Request: q, Decision: d, Agent: c.r.UserAgent()})
	switch {
	case !d.Matched, d.Code == api.CodeRevoked:
		return d.Revision, nil
	case retired, c.caller.Token.IsZero():
		return c.s.authority.RevokeHeld(c.ctx, c.caller, q.Token)
	}
	done, err := c.s.authority.RevokeToken(c.ctx, c.caller, d.Workspace.Slug, d.Locator.String(),
		api.RevokeToken{Reason: api.ReasonOther, Comment: "by a client that presented its secret"})
	switch {
	case errors.Is(err, api.CodeNotFound), errors.Is(err, api.CodeInsufficientScope): // it may still be one that verifies
		by, again := c.s.authority.RevokePresented(c.ctx, c.caller, q.Token)
		return max(by, d.Revision), again
	}
	return done.Revision, err
}
