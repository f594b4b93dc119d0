package usage

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// TestWhatIsLikeTheUseBeforeIsCountedAsOthersAre: whatever order uses come in, they come to
// what each of them by itself comes to.
func TestWhatIsLikeTheUseBeforeIsCountedAsOthersAre(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 2, 23, 59, 58, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		shared, one := newTable(pendingBounds()), newTable(pendingBounds())
		base := Use{
			Workspace: 1, Token: token.Locator([]byte("aaaaaaaaaaaa")), Matched: true, Secret: 1, Code: api.CodeOK, Addr: netip.MustParseAddr("10.0.0.1"),
			Agent: "a", Method: "b", Path: "/", Scopes: []string{"x:read"},
		}
		kinds := []Use{base} // few, so that many are alike, and two differ in one thing
		for _, differs := range rapid.SliceOfN(rapid.SampledFrom([]func(*Use){
			func(u *Use) { u.Secret = 2 },
			func(u *Use) { u.Code = api.CodeExpired },
			func(u *Use) { u.Addr = netip.MustParseAddr("10.0.0.2") },
			func(u *Use) { u.Agent, u.Method = "ab", "" }, // one behind the other says the same
			func(u *Use) { u.Agent = "c" },
			func(u *Use) { u.Method = "c" },
			func(u *Use) { u.Path = "c" },
			func(u *Use) { u.Scopes = nil },
			func(u *Use) { u.Scopes = []string{"x:more"} },
			func(u *Use) { u.Scopes = []string{"x:read", "x:more"} },
		}), 1, 2).Draw(rt, "kinds") {
			u := base
			differs(&u)
			kinds = append(kinds, u)
		}
		for range rapid.IntRange(1, 3).Draw(rt, "tables") {
			together := newTable(shardBounds())
			for i := range rapid.IntRange(1, 12).Draw(rt, "uses") {
				u := rapid.SampledFrom(kinds).Draw(rt, "use")
				u.At = begin.Add(time.Duration(i)*time.Microsecond + time.Duration(rapid.IntRange(0, 3).Draw(rt, "seconds"))*time.Second)
				u.More = int64(rapid.IntRange(0, 2).Draw(rt, "more"))
				together.record(&u)
				alone := newTable(shardBounds())
				alone.record(&u)
				one.merge(alone)
			}
			shared.merge(together)
		}
		if diff := gocmp.Diff(sorted(one.batch()), sorted(shared.batch()), gocmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			rt.Fatalf("each by itself - together +:\n%s", diff)
		}
	})
}

func sorted(b ledger.UsageBatch) ledger.UsageBatch {
	slices.SortFunc(b.Last, func(x, y ledger.LastUse) int {
		return cmp.Or(cmp.Compare(x.Token.String(), y.Token.String()), x.Secret-y.Secret)
	})
	slices.SortFunc(b.Hours, func(x, y ledger.HourCount) int {
		return cmp.Or(cmp.Compare(x.Token.String(), y.Token.String()), x.Hour.Compare(y.Hour), cmp.Compare(x.Code, y.Code))
	})
	slices.SortFunc(b.Scopes, func(x, y ledger.ScopeUse) int {
		return cmp.Or(cmp.Compare(x.Token.String(), y.Token.String()), cmp.Compare(x.Scope, y.Scope))
	})
	slices.SortFunc(b.Activity, func(x, y ledger.Activity) int {
		return cmp.Or(cmp.Compare(x.Token.String(), y.Token.String()), x.Day.Compare(y.Day), x.Addr.Compare(y.Addr), cmp.Compare(x.Agent, y.Agent),
			cmp.Compare(x.Method, y.Method), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Outcome, y.Outcome))
	})
	return b
}
