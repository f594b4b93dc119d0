package httpapi

import (
	"net/http"
	"net/netip"
	"reflect"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/verify"
)

func leakRoutes() []Route {
	rt := route("POST", "/v1/leaks", public().Noting("A token is not needed; one that is sent names the reporter in the audit."), "Report token strings that were found where they do not belong",
		endpoint{in: reflect.TypeFor[api.ReportLeaks](), out: reflect.TypeFor[api.LeaksReceived](), run: (*call).reportLeaks}).
		saying("Each secret of a token has done to it what the policy's leak_action says: revoke, disable, or only notify. Its owner and the administrators " +
			"are told by mail, the webhooks by token.leaked. The answer is the same whether the strings are tokens or not. A report of the same secret acts once. " +
			"1,000 strings a minute from one address, 4,000 from a /24 or a /48; 429 says when to come back.")
	rt.Success = []int{http.StatusAccepted}
	return group("Tokens", append([]Route{rt}, finderRoutes()...)...)
}

// leakLimits bound the work that anybody can cause: reports are charged by the
// string, to the address, to its neighbourhood and to all together.
type leakLimits struct {
	each *verify.Limiter[netip.Prefix]
	near *verify.Limiter[netip.Prefix]
	all  *verify.Limiter[struct{}]
}

func newLeakLimits() leakLimits {
	minute := api.Duration(time.Minute)
	return leakLimits{
		each: verify.NewLimiter[netip.Prefix](api.RateLimit{Requests: api.MaxLeaks, Window: minute}, 1<<16),
		near: verify.NewLimiter[netip.Prefix](api.RateLimit{Requests: 4 * api.MaxLeaks, Window: minute}, 1<<16),
		all:  verify.NewLimiter[struct{}](api.RateLimit{Requests: 20 * api.MaxLeaks, Window: minute}, 1),
	}
}

// take charges a report.
func (l leakLimits) take(from netip.Addr, strings int, now time.Time) error {
	rate, ok := l.each.Take(door.Network(from), strings, now)
	if ok {
		rate, ok = l.near.Take(door.Neighbourhood(from), strings, now)
	}
	if ok {
		rate, ok = l.all.Take(struct{}{}, strings, now)
	}
	if ok {
		return nil
	}
	e := api.Errorf(api.CodeRateLimited, "too many reports; send the rest later")
	e.RetryAfter = rate.RetryAfter
	return e
}

// reportLeaks takes a report, and says nothing of what it held.
func (c *call) reportLeaks() (answer, error) {
	var in api.ReportLeaks
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	c.caller = c.stranger()
	if err := c.s.leaks.take(c.caller.Addr, max(len(in.Tokens), 1), c.s.now()); err != nil {
		c.s.refused("leak_report", "too_many_tries")
		return answer{}, err
	}
	if len(c.r.Header["Authorization"]) > 0 {
		if err := c.authenticate(); err != nil {
			return answer{}, err
		}
	}
	_, err := c.s.authority.ReportLeaks(c.ctx, c.caller, in)
	return answer{body: api.LeaksReceived{Received: len(in.Tokens)}}, err
}
