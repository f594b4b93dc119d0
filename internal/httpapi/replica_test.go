package httpapi_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// counted is what was told of uses.
type counted struct {
	mu  sync.Mutex
	all []httpapi.CountedUse
}

func (c *counted) option(o *httpapi.Options) {
	o.Counted = func(u httpapi.CountedUse) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all = append(c.all, u)
	}
}

// kept asks as a replica, with its token.
func (w *world) kept(replica, verifier string, in api.VerifyRequest) api.ReplicaResult {
	w.Helper()
	var r api.ReplicaResult
	w.as(verifier, "POST", "/v1/replica/verify", api.ReplicaVerify{Replica: replica, Request: in}).is(200).into(&r)
	return r
}

// TestOnlyWhatARuleDecidesIsKept: what a limit, an address or the server has to be asked
// about each time is not, and nothing is by a node that does not know the replica.
func TestOnlyWhatARuleDecidesIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verifier := w.account("verifier", "tokens:verify")
	var told api.ReplicaTold
	w.as(verifier, "POST", "/v1/replica", api.ReplicaCall{}).is(200).into(&told)
	plain := w.issue("acme", object{"label": "plain", "scopes": []string{"tickets:read"}, "resources": []string{"*"}}).Secret
	for name, c := range map[string]struct {
		replica string
		in      api.VerifyRequest
		keeps   bool
	}{
		"allowed":         {told.Replica, api.VerifyRequest{Token: plain, Scopes: []string{"tickets:read"}}, true},
		"a peek":          {told.Replica, api.VerifyRequest{Token: plain, Peek: true}, true},
		"refused":         {told.Replica, api.VerifyRequest{Token: plain, Scopes: []string{"tickets:write"}}, false},
		"unknown":         {told.Replica, api.VerifyRequest{Token: "x"}, false},
		"another replica": {"rep_x", api.VerifyRequest{Token: plain}, false},
		"limited": {told.Replica, api.VerifyRequest{Token: w.issue("acme", object{"label": "limited", "scopes": []string{"tickets:read"}, "resources": []string{"*"},
			"rate_limit": object{"requests": 9, "window": "1m"}}).Secret}, false},
		"from some addresses": {told.Replica, api.VerifyRequest{Client: &api.Client{IP: "203.0.113.7"}, Token: w.issue("acme", object{"label": "near",
			"scopes": []string{"tickets:read"}, "resources": []string{"*"}, "allowed_ips": []string{"203.0.113.0/24"}}).Secret}, false},
	} {
		r := w.kept(c.replica, verifier, c.in)
		if (r.Keep != nil) != c.keeps || c.keeps && !r.Result.Allowed {
			t.Errorf("%s: %s, kept: %+v", name, r.Result.Code, r.Keep)
		}
	}
	if k := w.kept(told.Replica, verifier, api.VerifyRequest{Token: plain}).Keep; k.LastsMS != (5*time.Minute).Milliseconds() || len(k.Grants) != 1 {
		t.Errorf("it is kept as %+v", k)
	}
	soon := w.issue("acme", object{"label": "soon", "scopes": []string{"tickets:read"}, "resources": []string{"*"}, "expires_in": "3m"}).Secret
	if k := w.kept(told.Replica, verifier, api.VerifyRequest{Token: soon}).Keep; k == nil || k.LastsMS > (3*time.Minute).Milliseconds() {
		t.Errorf("what expires in three minutes is kept as %+v", k)
	}
	w.as(verifier, "POST", "/v1/replica", api.ReplicaCall{Replica: "rep_x"}).is(409).problem(api.CodeUnknownReplica)
}

// TestUsesAreThoseOfWhatWasKept: who was not told a token's cannot count it, and another
// tenant's replica counts none of it.
func TestUsesAreThoseOfWhatWasKept(t *testing.T) {
	t.Parallel()
	var c counted
	w := newWorld(t, c.option)
	w.workspace2("globex")
	verifier, theirs := w.account("verifier", "tokens:verify"), w.accountIn("globex", "theirs", "tokens:verify")
	var told api.ReplicaTold
	w.as(verifier, "POST", "/v1/replica", api.ReplicaCall{}).is(200).into(&told)
	use := w.kept(told.Replica, verifier, api.VerifyRequest{Token: verifier}).Keep.Use
	for name, tell := range map[string]struct {
		as, use string
		want    int64
	}{"its own": {verifier, use, 7}, "made up": {verifier, "x" + use[1:], 0}, "another tenant": {theirs, use, 0}} {
		var out api.ReplicaCounted
		w.as(tell.as, "POST", "/v1/replica/uses", api.ReplicaUses{Uses: []api.ReplicaUse{{Use: tell.use, Count: 7, Client: &api.Client{IP: "203.0.113.7"}}}}).is(200).into(&out)
		if out.Counted != tell.want {
			t.Errorf("%s: %d are counted", name, out.Counted)
		}
	}
	if len(c.all) != 1 || c.all[0].Count != 7 || c.all[0].Addr.String() != "203.0.113.7" || c.all[0].Secret != 1 {
		t.Errorf("told were %+v", c.all)
	}
	for _, bad := range []string{`{"uses":[]}`, `{"uses":[{"use":"x","count":0}]}`, `{"uses":[{"use":"x","count":1,"ago_ms":-1}]}`, `{"uses":[{"use":"x","count":1,"client":{"ip":"x"}}]}`} {
		w.as(verifier, "POST", "/v1/replica/uses", bad).is(400).problem(api.CodeInvalidField)
	}
}

// TestAReplicaIsRefusedWhatItsTokenMayNot, also when that was taken while the call was held.
func TestAReplicaIsRefusedWhatItsTokenMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.issue("acme", object{"label": "verifier", "scopes": []string{"tokens:verify"}, "resources": []string{"*"}})
	var told api.ReplicaTold
	w.as(made.Secret, "POST", "/v1/replica", api.ReplicaCall{}).is(200).into(&told)
	done := make(chan *reply)
	go func() {
		done <- w.as(made.Secret, "POST", "/v1/replica", api.ReplicaCall{Replica: told.Replica, Applied: told.Count})
	}()
	w.as(w.root, "POST", ws+"/tokens/"+made.Token.ID+"/revoke", "{}").is(200)
	<-done // before or after
	w.as(made.Secret, "POST", "/v1/replica", api.ReplicaCall{Replica: told.Replica, Applied: told.Count}).is(401).problem(api.CodeRevoked)
}
