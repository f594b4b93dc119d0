package httpapi

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ruleset"
)

const (
	extAuthzPrefix = "/v1/ext-authz/"
	extAuthzPath   = extAuthzPrefix + "{ruleset}/{path...}"
)

func extAuthzRoute() Route {
	rt := route("", extAuthzPath, self("The token that is checked is the one presented; a public rule asks for none."),
		"Let a proxy ask by a file of rules whether a request may pass", endpoint{run: (*call).extAuthz}).
		saying("For proxies that append the client's path and query and keep its method (Envoy). Which workspace's tokens pass, and what the request needs, " +
			"follows from the rules file of that name, the method, and the path behind the name; the query counts for nothing. " +
			"What no rule matches is refused with no_rule. The answer is that of forward-auth.")
	rt.Timeout, rt.Frequent, rt.ownCredentials, rt.proxied, rt.foreignQuery, rt.Identifies = 0, true, true, true, true, true
	return rt
}

// extAuthz answers a proxy whose routes are protected by rules.
func (c *call) extAuthz() (answer, error) {
	if err := c.byRules(); err != nil {
		return answer{}, c.deny(api.AsError(err))
	}
	return answer{raw: []byte{}}, nil
}

// byRules decides about a request by its rule. The path is taken from the
// request line: the parsed one has lost what was encoded.
func (c *call) byRules() error {
	target, _, _ := strings.Cut(c.r.RequestURI, "?")
	target, direct := strings.CutPrefix(target, extAuthzPrefix)
	name, path, below := strings.Cut(target, "/")
	set := c.s.ruleset(name)
	if !direct || !below || set == nil {
		return api.Errorf(api.CodeNotFound, "there are no rules of this name; --rules names the folder of NAME.yaml")
	}
	c.deny403 = set.Deny == http.StatusForbidden
	path = "/" + path
	needs := set.Match(c.r.Method, path)
	switch {
	case needs.Rule == nil:
		c.s.log.LogAttrs(c.ctx, slog.LevelInfo, "no rule lets a request pass", slog.String("request_id", c.id),
			slog.String("ruleset", name), slog.String("method", knownMethod(c.r.Method)), slog.String("reason", needs.Refused))
		return api.Errorf(api.CodeNoRule, "%s", needs.Refused)
	case needs.Rule.Public:
		c.identify([identityFields]string{})
		return nil
	}
	c.question.Scopes, c.question.Resource = needs.Rule.Scopes, needs.Resource
	addr, _ := c.origin()
	c.vouched = true
	return c.pass(set.Workspace, addr, Use{Method: c.r.Method, Path: path})
}

// ruleset is the set of this name, or nil.
func (s *server) ruleset(name string) *ruleset.Set {
	if s.rulesets == nil {
		return nil
	}
	return s.rulesets(name)
}
