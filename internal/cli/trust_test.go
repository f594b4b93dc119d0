package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/issuer/issuertest"
)

// A job without a stored secret: a rule whose issuer's keys were uploaded, an ID token of
// the job, and the token that it is exchanged for.
func TestAJobGetsATokenForItsIDToken(t *testing.T) {
	t.Parallel()
	o, cluster := newOffice(t), issuertest.New(t)
	const audience = "https://tokens.example.com"
	idToken := func(ref string) string {
		now := time.Now().Unix()
		return cluster.Sign(t, map[string]any{"iss": cluster.URL, "aud": audience, "sub": "job", "repository_id": "7001", "ref": ref, "iat": now, "exp": now + 300})
	}
	keys, err := json.Marshal(cluster.Public())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	o.does("service-account create deploy --scope tickets:* --resource *")
	create := "trust create --service-account deploy --label 'main of api' --issuer " + cluster.URL + " --audience " + audience + " --keys @" + file +
		" --claim repository_id=7001 --claim ref=refs/heads/main --claim ref=refs/heads/rel-* --scope tickets:write --resource website"
	made := o.runs(create)
	o.has(made.out, `^claims +ref=refs/heads/main\|refs/heads/rel-\* repository_id=7001$`, `^keys +1, uploaded$`, `^lifetime +15m`, `^status +active$`)
	o.has(made.err, "^note: .") // uploaded keys do not change by themselves
	rules := asked[api.List[api.TrustRule]](o, "trust list --service-account deploy").Items
	if len(rules) != 1 {
		t.Fatalf("%+v", rules)
	}
	id := rules[0].ID
	o.has(o.does("trust list"), id+` +main of api +deploy `)
	o.refuses(2, "must be NAME=VALUE", "trust create --service-account deploy --label x --issuer https://x.example --audience a --claim ref")
	o.refuses(2, "required flag", "trust create --service-account deploy --label x")

	// Asked before it is used, a token is not used up; one of another branch says what it lacks.
	if r := o.reads(idToken("refs/heads/main"), "trust explain"); r.code != 0 {
		t.Errorf("%+v", r)
	} else {
		o.has(r.out, id+` .* yes +good`)
	}
	if r := o.reads(idToken("refs/pull/7/merge"), "trust explain"); r.code != 1 {
		t.Errorf("%+v", r)
	} else {
		o.has(r.out, id+` .* no .* ref: `)
	}
	if r := o.runs(`trust explain --claims {"iss":"` + cluster.URL + `"}`); r.code != 1 {
		t.Errorf("%+v", r)
	}
	o.refuses(2, "--claims: must be a JSON object", "trust explain --claims [")

	// A job has no token, and needs none.
	job := &office{T: t, server: o.server, slug: o.slug, env: map[string]string{
		"HOME": t.TempDir(), "TOKENRY_SERVER": o.server.URL, "ID": idToken("refs/heads/main"), "OTHER": idToken("refs/heads/other"),
	}}
	as := "exchange --as deploy@" + o.slug + ".service "
	got := job.runs(as + "$ID")
	if got.code != 0 {
		t.Fatalf("%+v", got)
	}
	o.has(got.err, `^lasts +\d+ seconds$`, `^scopes +tickets:write$`)
	secret := strings.TrimSpace(got.out)
	o.decided(secret, api.CodeOK, client.Scope("tickets:write"), client.Resource("website"))
	job.refuses(1, "", as+"$ID")
	job.refuses(1, "", as+"$OTHER")
	job.refuses(2, "takes no secret itself", as+job.env["OTHER"])

	// Named anew the rule goes on, and what it gave; changed it ends that.
	o.does("trust edit " + id + " --label main")
	o.decided(secret, api.CodeOK)
	o.does("trust edit " + id + " --claim ref=refs/heads/other --claim repository_id=7001")
	o.decided(secret, api.CodeRevoked)
	given := asked[api.GrantedToken](job, as+"$OTHER")
	o.does("trust delete " + id)
	o.decided(given.AccessToken, api.CodeRevoked)
	o.refuses(1, "not exist", "trust show "+id)
}
