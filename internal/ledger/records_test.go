package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
)

func at(hours int) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(hours) * time.Hour) }

func TestASecretIsOverSinceItsOverlapRanOutOrFromNowOn(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		was  ledger.Secret
		want time.Time
	}{
		"the current one":               {ledger.Secret{Sealed: []byte{1}}, at(10)},
		"one whose overlap goes on":     {ledger.Secret{RetiresAt: at(11)}, at(10)},
		"one whose overlap ran out":     {ledger.Secret{RetiresAt: at(9)}, at(9)},
		"one that was ended before":     {ledger.Secret{EndedAt: at(3)}, at(3)},
		"one whose overlap ends at now": {ledger.Secret{RetiresAt: at(10)}, at(10)},
	} {
		if diff := cmp.Diff(ledger.Secret{EndedAt: c.want}, c.was.Over(at(10))); diff != "" {
			t.Errorf("%s: want - got +\n%s", what, diff)
		}
	}
}

func TestALifeCountsFromTheIssueOrTheLastRotation(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		t    ledger.Token
		want time.Duration
	}{
		"as issued":             {ledger.Token{CreatedAt: at(0), ExpiresAt: at(48), Lifetime: 48 * time.Hour}, 48 * time.Hour},
		"edited near its end":   {ledger.Token{CreatedAt: at(0), ExpiresAt: at(48), Lifetime: time.Hour}, 48 * time.Hour},
		"rotated in between":    {ledger.Token{CreatedAt: at(0), RotatedAt: at(24), ExpiresAt: at(48), Lifetime: 24 * time.Hour}, 24 * time.Hour},
		"cut after its renewal": {ledger.Token{CreatedAt: at(0), RotatedAt: at(24), ExpiresAt: at(30), Lifetime: 24 * time.Hour}, 24 * time.Hour},
	} {
		if got := c.t.Life(); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

func TestARemovalIsOfAnOwnerOrANameOrWhatIsSealed(t *testing.T) {
	t.Parallel()
	type is struct{ OfOwner, OfName, Unnamed bool }
	for what, c := range map[string]struct {
		x    ledger.Removal
		want is
	}{
		"a member":                  {ledger.Removal{Kind: ledger.RemovedMember, Owner: 7}, is{OfOwner: true}},
		"a scope":                   {ledger.Removal{Kind: ledger.RemovedScope}, is{OfName: true}},
		"a role that nothing names": {ledger.Removal{Kind: ledger.RemovedRole}, is{OfName: true, Unnamed: true}},
		"a role that may be in use": {ledger.Removal{Kind: ledger.RemovedRole, Undecided: true}, is{OfName: true}},
		"a role with a replacement": {ledger.Removal{Kind: ledger.RemovedRole, Replacement: "Viewer"}, is{OfName: true}},
		"copies of secrets":         {ledger.Removal{Kind: ledger.RemovedSealed}, is{}},
	} {
		if got := (is{c.x.OfOwner(), c.x.OfName(), c.x.Unnamed()}); got != c.want {
			t.Errorf("%s: %+v, want %+v", what, got, c.want)
		}
	}
}

// TestATokenWithoutAnEndLivesAsLongAsItWasMadeFor: the zero end is none, and not the
// beginning of time.
func TestATokenWithoutAnEndLivesAsLongAsItWasMadeFor(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		t    ledger.Token
		want time.Duration
	}{
		"without an end":         {ledger.Token{CreatedAt: at(10)}, 0},
		"its end was taken away": {ledger.Token{CreatedAt: at(10), Lifetime: time.Hour}, time.Hour},
		"it ended at once":       {ledger.Token{CreatedAt: at(10), ExpiresAt: at(10)}, 0},
		"an end before it began": {ledger.Token{CreatedAt: at(10), ExpiresAt: at(9)}, 0},
	} {
		if got := c.t.Life(); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// TestTheNumbersOfWhatIsBroughtBackAreStored, and so they never change.
func TestTheNumbersOfWhatIsBroughtBackAreStored(t *testing.T) {
	t.Parallel()
	for i, b := range []ledger.Back{
		ledger.BackEnabled, ledger.BackUnending, ledger.BackWider, ledger.BackFaster, ledger.BackSooner, ledger.BackLonger, ledger.BackReadable, ledger.BackMightier,
	} {
		if b != 1<<i {
			t.Errorf("bit %d is %d", i, b)
		}
	}
	for i, p := range []ledger.Part{ledger.PartCatalogue, ledger.PartMembers, ledger.PartAccounts, ledger.PartTokens, ledger.PartEnd} {
		if p != ledger.Part(i) {
			t.Errorf("part %d is %d", i, p)
		}
	}
}
